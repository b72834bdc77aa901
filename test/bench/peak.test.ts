import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inWorld, type Run, runProgram } from "../../scripts/bench/runs.ts";
import { buildInto, writeRelease } from "../../scripts/bench/setup.ts";
import { upstream } from "../releases/upstream.ts";
import { isThorough } from "../thorough.ts";

/** Of the bundle in a process of its own. Bare Node of today takes 45 MB, kubectl for the same files 80. */
const MOST_BYTES = 100e6;

describe.skipIf(!isThorough || upstream === undefined)("memory at its peak", () => {
  let folder: string;
  const runs: Record<string, Run> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-peak-"));
    await buildInto(folder);
    const { args } = await writeRelease(folder, upstream);
    await inWorld(folder, { pace: 20 }, async (place) => {
      for (const run of ["install", "install again"])
        runs[run] = await runProgram(folder, place, ["install", "--yes", ...args]);
      runs.uninstall = await runProgram(folder, place, ["uninstall", "--yes", "--purge"]);
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(["install", "install again", "uninstall"])("of %s", (name) => {
    const peak = runs[name]?.peakBytes ?? Number.NaN;
    process.stdout.write(`${name}: ${(peak / 1e6).toFixed(0)} MB\n`);
    expect(peak).toBeLessThanOrEqual(MOST_BYTES);
  });
});
