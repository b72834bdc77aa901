import { parentPort, workerData } from "node:worker_threads";
import { targets } from "./index.ts";
import { chanceFor } from "./target.ts";

/** Runs one target; says what it has found, or that there was nothing. `progress` tells from outside which case it is at. */

export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** The number of the case that is under way. */
  readonly progress: SharedArrayBuffer;
}
export interface Finding {
  readonly index: number;
  /** It was found when all cases up to there were compared at once. */
  readonly together?: boolean;
  readonly input: string;
  readonly error: string;
}

const shown = (input: unknown): string => {
  const text =
    Buffer.isBuffer(input) || input instanceof Uint8Array
      ? `hex ${Buffer.from(input).toString("hex")}`
      : JSON.stringify(input);
  return (text ?? "nothing").slice(0, 4000);
};

const run = async ({ target: name, seed, from, to, progress }: Job): Promise<Finding | undefined> => {
  const target = targets.find((one) => one.name === name);
  if (!target) throw new Error(`no target ${name}`);
  const at = new Int32Array(progress);
  let input: unknown;
  const note = (given: unknown): void => {
    input = given;
  };
  for (let index = from; index < to; index += 1) {
    Atomics.store(at, 0, index);
    let together = false;
    try {
      const pending = target.check(chanceFor(seed, index), note);
      if (pending instanceof Promise) await pending;
      if (target.settle && ((index + 1) % target.settle.every === 0 || index === to - 1)) {
        together = true;
        input = "see above: it was compared with others at once";
        target.settle.run();
      }
    } catch (error) {
      return {
        index,
        together,
        input: shown(input),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
  }
  return undefined;
};

parentPort?.postMessage((await run(workerData as Job)) ?? "nothing");
