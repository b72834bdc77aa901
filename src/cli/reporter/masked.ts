import { withWords } from "../../ports/shell.ts";
import type { Reporter } from "./reporter.ts";

/** Masks what is known to be secret in a text. */
export type Mask = (text: string) => string;

/** Returns a copy of plain data with every text masked, keys included, or the data itself when nothing had to be masked. */
export const maskedIn = <T>(value: T, mask: Mask): T => within(value, mask) as T;

const within = (value: unknown, mask: Mask): unknown => {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => within(item, mask));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isPlain(value)) return value;
  let isSame = true;
  const entries = Object.entries(value).map(([key, inner]) => {
    const entry = [mask(key), key === "command" ? inCommand(inner, mask) : within(inner, mask)] as const;
    isSame &&= entry[0] === key && entry[1] === inner;
    return entry;
  });
  return isSame ? value : Object.fromEntries(entries);
};

/** Masks a command word by word, so that its quotes stay; then as a whole, even if that takes a quote. */
const inCommand = (command: unknown, mask: Mask): unknown =>
  typeof command === "string" ? mask(withWords(command, mask)) : within(command, mask);

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** Masks everything on its way to a reporter. Every reporter and the page are behind it. */
export const masked = (reporter: Reporter, mask: Mask): Reporter => ({
  emit: (event) => reporter.emit(maskedIn(event, mask)),
  report: (report, next) => reporter.report(maskedIn(report, mask), maskedIn(next, mask)),
  problem: (problem) => reporter.problem(maskedIn(problem, mask)),
});
