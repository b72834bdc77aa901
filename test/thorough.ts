import { createHash } from "node:crypto";

/** `KN_TEST_THOROUGH=1`, as CI has it: every kill, every seed of the fixed set, every certificate, right and second run. Without it a sample of them is taken. */
export const isThorough = process.env.KN_TEST_THOROUGH === "1";

/** What is enough of them, or all. */
export const thoroughly = <T>(enough: readonly T[], all: readonly T[]): readonly T[] => (isThorough ? all : enough);

/** All of them, or every n-th and the last. */
export const sampled = <T>(all: readonly T[], every: number): readonly T[] =>
  isThorough ? all : all.filter((_one, index) => index % every === 0 || index === all.length - 1);

/** All of them, or so many, evenly spread: `of` and `KN_TEST_SEED` say from where on, so that alike samples lie elsewhere. */
export const drawn = <T>(all: readonly T[], count: number, of: string): readonly T[] => {
  if (isThorough || all.length <= count) return all;
  const digest = createHash("sha256")
    .update(`${process.env.KN_TEST_SEED ?? 1} ${of}`)
    .digest();
  const step = all.length / count;
  const from = (digest.readUInt32BE() / 2 ** 32) * step;
  return Array.from({ length: count }, (_, index) => all[Math.floor(from + index * step)] as T);
};
