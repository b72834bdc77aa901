import fc from "fast-check";

/**
 * What tests make at random is the same in each run, so that a change is judged by what it changed. Other numbers look elsewhere:
 * `KN_TEST_SEED=7`; what `npm run fuzz` makes is always new.
 */
fc.configureGlobal({ seed: Number(process.env.KN_TEST_SEED ?? 1) });
