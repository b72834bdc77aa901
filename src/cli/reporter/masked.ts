import type { Reporter } from "./reporter.ts";

/** Masks what is known to be secret in a text. */
export type Mask = (text: string) => string;

/** A copy of plain data with every text masked, keys included. */
export const maskedIn = <T>(value: T, mask: Mask): T => copy(value, mask) as T;

const copy = (value: unknown, mask: Mask): unknown => {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => copy(item, mask));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mask(key), copy(inner, mask)]));
};

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** The one way from the engine to every reporter: none of them, nor a page, hears a secret that is known. */
export const masked = (reporter: Reporter, mask: Mask): Reporter => ({
  emit: (event) => reporter.emit(maskedIn(event, mask)),
  report: (report, next) => reporter.report(maskedIn(report, mask), maskedIn(next, mask)),
  problem: (problem) => reporter.problem(maskedIn(problem, mask)),
});
