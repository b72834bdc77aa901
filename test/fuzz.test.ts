import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { targets } from "../scripts/fuzz/index.ts";
import { patient } from "./patience.ts";
import { isThorough } from "./thorough.ts";

const fuzz = (...args: readonly string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, ["scripts/fuzz.ts", ...args], {
    cwd: resolve(import.meta.dirname, ".."),
    // What never ends is found by the program itself.
    timeout: patient(900_000),
    maxBuffer: 2 ** 26,
  });

const CASES = isThorough ? 100_000 : 300;
const SEED = process.env.KN_TEST_SEED ?? "1";

describe("what others send", () => {
  it(`does no harm, whatever it is: ${CASES} cases for everything that reads it`, {
    timeout: patient(1_000_000),
  }, async () => {
    const { stdout } = await fuzz("--cases", String(CASES), "--seed", SEED).catch((error: { stdout: string }) => error);
    process.stdout.write(stdout);
    expect(stdout).not.toMatch(/does not hold|come to an end/);
    for (const { name } of targets) expect(stdout).toContain(`${name}: ${CASES} cases`);
  });

  it("is made again by its seed and number, one target alone", async () => {
    const { stdout } = await fuzz("quantities", "--seed", "7", "--case", "3");
    expect(stdout).toMatch(/^seed 7\nquantities: 1 cases in /);
  });

  it("for a target that does not exist is refused with their names", async () => {
    await expect(fuzz("nothing")).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("dns-messages") });
  });
});
