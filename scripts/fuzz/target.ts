import { type Chance, chanceOf } from "./chance.ts";

/** Something that reads what others send, and what must hold of it for every input. */
export interface Target {
  /** As on the command line: `dns-messages`. */
  readonly name: string;
  /** What must hold, for people. */
  readonly holds: string;
  /**
   * One case. `note` is told the input before it is used, so that what hangs can be shown. Throws for what does not hold; whatever else is thrown by the code under test
   * is a finding as well.
   */
  readonly check: (chance: Chance, note: (input: unknown) => void) => unknown;
  /** After so many cases, and at the end: what is compared with another program at once. */
  readonly settle?: { readonly every: number; readonly run: () => void };
}

/** Of a run, by number: any case can be made again alone. */
export const chanceFor = (seed: number, index: number): Chance => {
  const mixed = Math.imul(seed ^ (index + 0x9e3779b9), 0x85ebca6b);
  return chanceOf((mixed ^ (mixed >>> 13)) >>> 0);
};

/** What the code under test may throw of an input; everything else is a finding. */
export const unless = <T>(isExpected: (error: unknown) => boolean, work: () => T): T | undefined => {
  try {
    return work();
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
};

/** Throws with both sides. */
export const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(expected))];
  if (a !== b) throw new Error(`${what}: ${short(a)} instead of ${short(b)}`);
};

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

/** What is told of a server's words must not be as long as they like. */
export const mostly = (text: string | undefined, most: number, what: string): void =>
  must((text?.length ?? 0) <= most, `${what} has ${text?.length} characters`);

/** Keys have no order. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Date || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

const short = (text: string | undefined): string => (text === undefined ? "undefined" : text.slice(0, 500));
