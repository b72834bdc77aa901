import { expect } from "vitest";
import { patient } from "../patience.ts";
import { drawn } from "../thorough.ts";
import type { Contents } from "./contents.ts";
import { openScene, type Scene, type SceneOptions } from "./scene.ts";

export interface Resumption {
  /** For people: `the whole install`. */
  readonly title: string;
  /** Brings a new world to where the command under test begins: first something of other people, then commands. */
  readonly given?: (scene: Scene) => Promise<void>;
  readonly before: readonly (readonly string[])[];
  readonly command: readonly string[];
  /** Must end with exit code 0 afterwards, tried after the first kill and every third: nothing is left to do. */
  readonly after?: readonly string[];
  readonly scene?: SceneOptions;
  /** Which kills; default after every write. Of these a sample is made, and all in a thorough run. */
  readonly sample?: (n: number, writes: number) => boolean;
}

/** Worlds at once: a run also waits for its cluster. */
const AT_ONCE = 6;
const PLANNED = 3;
const KILLS = 2;
/** Of a whole test, in milliseconds: the longest takes less than a minute of a core of its own. */
export const PATIENCE = patient(400_000);

/**
 * Runs the command undisturbed; then, for each of its writes in a world of its own, kills it after that write and runs it again.
 * The cluster must end up as the undisturbed run left it.
 */
export const killEverywhere = async (resumption: Resumption): Promise<void> => {
  const { title, command, sample = () => true } = resumption;
  const { writes, expected } = await inScene(resumption, async (scene) => ({
    writes: await scene.killAfter(Number.POSITIVE_INFINITY, ...command),
    expected: await scene.contents(),
  }));
  expect(writes).toBeGreaterThan(0);
  const chosen = Array.from({ length: writes }, (_, index) => index + 1).filter((n) => sample(n, writes));
  const places = drawn(chosen, KILLS, title);
  let kills = 0;
  let convergences = 0;
  await atOnce(AT_ONCE, [...places.entries()], ([index, n]) =>
    inScene(resumption, async (scene) => {
      if ((await scene.killAfter(n, ...command)) >= n) kills++;
      await converge(scene, resumption, expected, `${title}, killed after write ${n}`, index % PLANNED === 0);
      convergences++;
    }),
  );
  process.stdout.write(`resume: ${title}: ${writes} writes, ${kills} kills, ${convergences} convergences\n`);
  expect(convergences).toBe(places.length);
  // A write that a busy machine makes twice, to a webhook that is still starting, is one more in one run than in another.
  expect(kills).toBeGreaterThanOrEqual(places.length - 2);
};

const converge = async (
  scene: Scene,
  { command, after }: Resumption,
  expected: Contents,
  message: string,
  isPlanned: boolean,
): Promise<void> => {
  const again = await scene.run(...command);
  expect(again.code, `${message}: ${again.stderr}`).toBe(0);
  await scene.settlesAs(expected, message);
  if (!after || !isPlanned) return;
  const nothing = await scene.run(...after);
  expect(nothing.code, `${message}: ${nothing.stdout}`).toBe(0);
};

const inScene = async <T>(
  { scene: options, given, before }: Resumption,
  work: (scene: Scene) => Promise<T>,
): Promise<T> => {
  const scene = await openScene(options);
  try {
    await given?.(scene);
    for (const args of before) {
      const outcome = await scene.run(...args);
      expect(outcome.code, outcome.stderr).toBe(0);
    }
    return await work(scene);
  } finally {
    await scene.close();
  }
};

/** Works on the items in order, some at once; rejects with the first failure. */
export const atOnce = async <T>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> => {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
};
