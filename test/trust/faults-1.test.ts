import { it } from "vitest";
import { runSeeds } from "./faults.ts";

const FIRST = 1;

it(
  `random faults over install and uninstall, seeds ${FIRST} to ${FIRST + 99}: each converges or stops with a named cause`,
  { timeout: 300_000 },
  () => runSeeds(Array.from({ length: 100 }, (_, index) => FIRST + index)),
);
