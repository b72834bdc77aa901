/** `KN_TEST_THOROUGH=1`, as CI has it: every kill, every seed of the fixed set, every certificate, right and second run. Without it a sample of them is taken. */
export const isThorough = process.env.KN_TEST_THOROUGH === "1";

/** What is enough of them, or all. */
export const thoroughly = <T>(enough: readonly T[], all: readonly T[]): readonly T[] => (isThorough ? all : enough);

/** All of them, or every n-th and the last. */
export const sampled = <T>(all: readonly T[], every: number): readonly T[] =>
  isThorough ? all : all.filter((_one, index) => index % every === 0 || index === all.length - 1);
