import { isRecord } from "../ports/json.ts";

/**
 * A value that is known only after an earlier step has run: it names its source, and its action and target are fixed (rule 3).
 * It stands inside ordinary strings, keys included, so that plans stay plain JSON.
 */
const OPEN = "⟪";
const CLOSE = "⟫";
const BLANK = /⟪[^⟫]*⟫/g;

/** `blank("address of Service kourier-system/kourier")` */
export const blank = (source: string): string => `${OPEN}known after apply: ${source}${CLOSE}`;

export const hasBlank = (value: unknown): boolean => {
  if (typeof value === "string") return value.includes(OPEN);
  if (Array.isArray(value)) return value.some(hasBlank);
  return isRecord(value) && Object.entries(value).some(([key, inner]) => key.includes(OPEN) || hasBlank(inner));
};

const pattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split(BLANK)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[\\s\\S]+")}$`,
  );

/** Whether `actual` is `agreed` with nothing but its blanks filled in. */
export const fills = (agreed: unknown, actual: unknown): boolean => {
  if (typeof agreed === "string") {
    return typeof actual === "string" && (agreed.includes(OPEN) ? pattern(agreed).test(actual) : agreed === actual);
  }
  if (Array.isArray(agreed)) {
    return (
      Array.isArray(actual) && agreed.length === actual.length && agreed.every((item, i) => fills(item, actual[i]))
    );
  }
  if (!isRecord(agreed)) return agreed === actual;
  if (!isRecord(actual)) return false;
  const rest = new Set(Object.keys(actual));
  const open: [string, unknown][] = [];
  for (const [key, value] of Object.entries(agreed)) {
    if (key.includes(OPEN)) open.push([key, value]);
    else if (!rest.delete(key) || !fills(value, actual[key])) return false;
  }
  for (const [key, value] of open) {
    const match = [...rest].find((candidate) => pattern(key).test(candidate) && fills(value, actual[candidate]));
    if (match === undefined) return false;
    rest.delete(match);
  }
  return rest.size === 0;
};
