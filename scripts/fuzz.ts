import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "./fuzz/index.ts";
import type { Finding, Job } from "./fuzz/worker.ts";

/**
 * `npm run fuzz [-- TARGET … --seed N --cases N --case N]`: gives what others send to everything that reads it. Prints its seed; ends with 1 at the first thing
 * that does not hold, and how to see it again. A case that takes ten seconds counts as one that never ends.
 */
const { values, positionals } = parseArgs({
  options: { seed: { type: "string" }, cases: { type: "string", default: "10000" }, case: { type: "string" } },
  allowPositionals: true,
});
const seed = Number(values.seed ?? randomInt(2 ** 31));
const [from, to] =
  values.case === undefined ? [0, Number(values.cases)] : [Number(values.case), Number(values.case) + 1];
const unknown = positionals.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0 || ![seed, from, to].every(Number.isSafeInteger)) {
  process.stderr.write(
    `Usage: npm run fuzz -- [TARGET …] [--seed N] [--cases N] [--case N]\nTargets: ${targets.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(2);
}

const HANG_MS = 10_000;

const fuzzed = (target: string): Promise<Finding | undefined> =>
  new Promise((resolve, reject) => {
    const progress = new SharedArrayBuffer(4);
    const workerData: Job = { target, seed, from, to, progress };
    const worker = new Worker(new URL("./fuzz/worker.ts", import.meta.url), { workerData });
    const at = new Int32Array(progress);
    let last = { index: -1, since: performance.now() };
    const watch = setInterval(() => {
      const index = Atomics.load(at, 0);
      if (index !== last.index) last = { index, since: performance.now() };
      // The first one also waits for all that is loaded, and the last of many for another program.
      else if (
        performance.now() - last.since >
        HANG_MS * (index % 1000 === 999 || index === 0 || index === to - 1 ? 6 : 1)
      ) {
        clearInterval(watch);
        void worker.terminate();
        resolve({ index, input: "", error: "It does not come to an end." });
      }
    }, 500);
    worker.on("message", (found: Finding | "nothing") => resolve(found === "nothing" ? undefined : found));
    worker.on("error", reject);
    worker.on("exit", () => clearInterval(watch));
  });

process.stdout.write(`seed ${seed}\n`);
const waiting = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const one = async (): Promise<void> => {
  for (let target = waiting.shift(); target; target = waiting.shift()) {
    const began = performance.now();
    const found = await fuzzed(target.name);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (!found) {
      process.stdout.write(`${target.name}: ${to - from} cases in ${seconds} s: ${target.holds}\n`);
      continue;
    }
    process.exitCode = 1;
    process.stdout.write(
      `${target.name}: case ${found.index} does not hold: ${target.holds}\n${found.error}\n${found.input}\nAgain: npm run fuzz -- ${target.name} --seed ${seed} ${found.together ? `--cases ${found.index + 1}` : `--case ${found.index}`}\n`,
    );
  }
};
await Promise.all(Array.from({ length: Math.min(availableParallelism(), waiting.length) }, one));
