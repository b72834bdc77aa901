import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { patient } from "../patience.ts";
import { scanners } from "./scanners.ts";

/** In a process of its own, which can be ended where a scanner cannot: one that is not linear takes minutes. */
const measured = async (): Promise<ReadonlyMap<string, readonly number[]>> => {
  const program = `${import.meta.dirname}/scanner-program.ts`;
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: patient(150_000),
    killSignal: "SIGKILL",
  });
  const times = new Map<string, readonly number[]>();
  for await (const line of createInterface(child.stdout)) {
    process.stdout.write(`${line}\n`);
    const [, name = "", numbers = ""] = /^(.*?) {2,}([\d. ]+)$/.exec(line) ?? [];
    times.set(name, numbers.trim().split(/ +/).map(Number));
  }
  return times;
};

/** Of 16, 64 and 256 KiB; of all that is four times as much where all is tested. Sixteen times the text may take sixteen times the time; what is quadratic takes 256 times. */
const SLACK = 6;
/** Below it, a time says more about the machine than about the scanner. */
const LEAST_MS = 5;

test("what others send is read in time that grows with its size, and no faster", async () => {
  const times = await measured();
  for (const { name } of scanners) {
    const found = times.get(name);
    expect(found, `${name}: it had not come to an end after two and a half minutes`).toHaveLength(3);
    const [small = 0, , large = 0] = found ?? [];
    expect(large / Math.max(small, LEAST_MS), `${name}: ${found?.join(", ")} ms`).toBeLessThan(16 * SLACK);
  }
});
