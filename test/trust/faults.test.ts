import { it } from "vitest";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { runSeeds } from "./fault-seeds.ts";

/** The fixed set of a thorough run, and the first of them otherwise; `KN_TEST_SEEDS=200` runs more of the same. */
const SEEDS = Number(process.env.KN_TEST_SEEDS ?? (isThorough ? 40 : 4));
/** A seed takes about a second. */
const PATIENCE = patient(60_000 + 6_000 * SEEDS);

it(
  `random faults over install and uninstall, seeds 1 to ${SEEDS}: each converges or stops with a named cause`,
  { timeout: PATIENCE },
  () => runSeeds(Array.from({ length: SEEDS }, (_, index) => index + 1)),
);
