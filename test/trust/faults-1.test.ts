import { it } from "vitest";
import { runSeeds } from "./faults.ts";

/** The fixed set of CI; `KN_TEST_SEEDS=200` runs more of the same. */
const SEEDS = Number(process.env.KN_TEST_SEEDS ?? 40);

it(
  `random faults over install and uninstall, seeds 1 to ${SEEDS}: each converges or stops with a named cause`,
  { timeout: 300_000 },
  () => runSeeds(Array.from({ length: SEEDS }, (_, index) => index + 1)),
);
