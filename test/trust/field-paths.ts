import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../src/ports/object.ts";

/** A field's name, or the keys of an item in a list that merges. */
type Step = string | Readonly<Record<string, unknown>>;
export type FieldPath = readonly Step[];

/** `.spec.ports[port=80].name` and `.data["a.b"]`, as plans write them. */
export const parsePath = (path: string): FieldPath =>
  [...path.matchAll(/\.([\w-]+)|\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]/g)].map(([, name, quoted, keys]) => {
    if (keys === undefined) return name ?? (JSON.parse(`"${quoted}"`) as string);
    return Object.fromEntries(
      keys.split(",").map((pair) => {
        const [key = "", value = ""] = pair.split("=");
        return [key, JSON.parse(value) as unknown];
      }),
    );
  });

/** Where two values differ. Lists that merge have no order: by their path, the keys of an item; none: a set. */
export const differences = (
  before: unknown,
  after: unknown,
  listKeys: Readonly<Record<string, readonly string[]>>,
  path: FieldPath = [],
): readonly FieldPath[] => {
  if (isDeepStrictEqual(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], listKeys, [...path, key]),
    );
  }
  const keys = listKeys[path.map((step) => (typeof step === "string" ? `.${step}` : "")).join("")];
  if (!keys || !Array.isArray(before) || !Array.isArray(after)) return [path];
  if (keys.length === 0) return isDeepStrictEqual(new Set(before), new Set(after)) ? [] : [path];
  const idOf = (item: unknown): Readonly<Record<string, unknown>> =>
    Object.fromEntries(keys.map((key) => [key, isRecord(item) ? item[key] : undefined]));
  const ids = new Map([...before, ...after].map((item) => [JSON.stringify(idOf(item)), idOf(item)]));
  return [...ids.values()].flatMap((id) => {
    const find = (list: readonly unknown[]): unknown => list.find((item) => isDeepStrictEqual(idOf(item), id));
    return differences(find(before), find(after), listKeys, [...path, id]);
  });
};

/** Whether one of the paths is the other or lies inside it. A plan names only those keys of an item that its object has. */
export const overlaps = (planned: FieldPath, changed: FieldPath): boolean =>
  planned.slice(0, changed.length).every((step, index) => {
    const other = changed[index];
    if (typeof step === "string" || typeof other !== "object") return step === other;
    return Object.entries(step).every(([key, value]) => isDeepStrictEqual(other[key], value));
  });
