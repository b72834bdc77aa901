import { isRecord } from "../ports/object.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A JSON merge patch (RFC 7396, section 2). */
export const merged = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return patch;
  const before: Fields = isRecord(target) ? target : {};
  const kept = Object.entries(before).filter(([key]) => !(key in patch));
  const set = Object.entries(patch).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...set.map(([key, value]) => [key, merged(before[key], value)] as const)]);
};
