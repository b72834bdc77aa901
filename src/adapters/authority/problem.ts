import type { AcmeProblem } from "../../ports/authority.ts";
import { retryAfterMs } from "../../ports/retry-after.ts";
import { isName } from "./broken.ts";

const PREFIX = "urn:ietf:params:acme:error:";

/** Rate limits last for days, and the moment is told to people; nothing here waits for it as it is. */
const LONGEST_MS = 30 * 86_400_000;

/** When a CA wants to be asked again. Undefined: it does not say. */
export const retryAfterOf = (header: string | undefined, now: Date): Date | undefined => {
  const ms = retryAfterMs(header, now.getTime(), LONGEST_MS);
  return ms === undefined ? undefined : new Date(now.getTime() + ms);
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** People read it: what a body of a megabyte says, they do not. */
const MOST_TEXT = 4000;

const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, MOST_TEXT) : "");

/** A problem document as CAs send it (RFC 7807, RFC 8555 §6.7), whole. Undefined: this is none. */
export const acmeProblemIn = (document: unknown, status?: number, retryAfter?: Date): AcmeProblem | undefined => {
  const fields = record(document);
  const type = text(fields.type).replace(PREFIX, "");
  const detail = text(fields.detail);
  if (type === "" && detail === "") return undefined;
  const subproblems = (Array.isArray(fields.subproblems) ? fields.subproblems : []).map((item: unknown) => {
    const inner = record(item);
    const { value: name } = record(inner.identifier);
    return {
      type: text(inner.type).replace(PREFIX, ""),
      detail: text(inner.detail),
      ...(isName(name) ? { name } : {}),
    };
  });
  const code = status ?? (typeof fields.status === "number" ? fields.status : undefined);
  return {
    type: type || "unknown",
    detail: detail || type,
    ...(code === undefined ? {} : { status: code }),
    ...(retryAfter ? { retryAfter } : {}),
    ...(subproblems.length > 0 ? { subproblems } : {}),
  };
};
