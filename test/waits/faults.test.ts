import { afterAll, describe, expect, it } from "vitest";
import { FAULTS } from "../../src/sandbox/faults/index.ts";
import { patient, patientSeconds } from "../patience.ts";
import { sampled } from "../thorough.ts";
import { clusterRows } from "./cluster-rows.ts";
import { istioRows } from "./istio-rows.ts";
import { leadOf, passing, reasonOf } from "./leads.ts";
import type { Row } from "./row.ts";
import { openScene, type Run, type Scene } from "./scene.ts";
import { serverRows } from "./server-rows.ts";

/** From when a fault can be seen to when it is said (rule 7 and promise 4), in milliseconds: mostly one; a busy machine takes longer. */
const SOON_MS = patient(10_000);
/** Of a step, for faults that stay; and how long the whole run may take then, in seconds. */
const TIMEOUT = patientSeconds(3);
const QUICK = { permanent: patient(30), late: patient(60) };

/** Rows at once: they mostly wait, but how soon something is said is measured. */
const AT_ONCE = 3;
const waiting: (() => void)[] = [];
let inside = 0;
/** Waits for a place; the function gives it back. */
const enter = async (): Promise<() => void> => {
  if (inside >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  inside += 1;
  return () => {
    inside -= 1;
    waiting.shift()?.();
  };
};

const rows = [...clusterRows, ...istioRows, ...serverRows];
const again = new Set(sampled(rows, 4));
const faults = new Set(rows.flatMap(({ fault }) => fault?.split(":")[0] ?? []));
const texts = new Set<string>();
let slowest = 0;

const saidAt = (run: Run, found: (event: Run["said"][number]["event"]) => boolean): number | undefined =>
  run.said.find(({ event }) => found(event))?.at;

/** Checks that the run said it, and soon after it could be seen. */
const expectSoon = (said: number | undefined, seen: number | undefined, began: number, run: Run): void => {
  const log = run.said.map(({ event }) => JSON.stringify(event)).join("\n");
  expect(said, log).toBeDefined();
  expect(seen, log).toBeDefined();
  const late = (said ?? 0) - Math.max(seen ?? 0, began);
  expect(late).toBeLessThanOrEqual(SOON_MS);
  slowest = Math.max(slowest, late);
};

/** The cause that doctor names in the same world, while the fault lasts. */
const expectNamed = async (scene: Scene, row: Row): Promise<void> => {
  const { said } = await scene.run(["doctor"], { patience: { firstContactMs: 1_000, midRunMs: 1_000 } });
  const last = said.at(-1)?.event;
  const [first] = (last?.causes ?? []) as readonly { readonly id: string }[];
  const shown = JSON.stringify(last);
  expect(leadOf(row) ?? reasonOf(row), `${row.fault} is in no table`).toBeDefined();
  expect(last?.type === "error" ? last.id : first?.id, shown).toBe(leadOf(row));
};

const check = async (scene: Scene, row: Row): Promise<void> => {
  const command = row.uninstall ? "uninstall" : "install";
  const args = [command, "--yes", ...(row.args ?? [])];
  if (row.uninstall) {
    expect((await scene.run(["install", "--yes"])).code).toBe(0);
    await scene.faults.start(row.fault ?? "");
  }
  const seen = scene.sight(row.visible);
  const certain = scene.sight(row.certain ?? row.visible);
  const began = performance.now();
  const isLate = row.error !== undefined && row.certain === undefined;
  const run = await scene.run([...args, ...(isLate ? ["--timeout", TIMEOUT] : [])], {
    patience: { firstContactMs: 1_000, midRunMs: 1_000 },
  });
  const exact = (text: string): string => text.replaceAll("<server>", scene.api.url);

  const { waiting, note, error, done } = row;
  if (waiting !== undefined) {
    const reason = exact(waiting);
    texts.add(`${row.fault} ${waiting}`);
    const waits = run.said.filter(({ event }) => event.type === "waiting" && event.reason === reason);
    // What is permanent may be so by the first look at it.
    const failed = row.certain && saidAt(run, (event) => event.type === "step-failed" && event.error === reason);
    expectSoon(waits[0]?.at ?? failed, seen(), began, run);
    for (const { event } of waits) expect(event.remedy).toMatchObject({ text: expect.stringMatching(/./) });
    // People see the same.
    expect(run.stderr.replaceAll(/\s+/g, " ")).toContain(`: ${reason}`);
  }
  if (note !== undefined) {
    const text = exact(note);
    texts.add(`${row.fault} ${note}`);
    expectSoon(
      saidAt(run, (event) => event.type === "note" && event.text === text),
      seen(),
      began,
      run,
    );
  }
  if (done !== undefined)
    expectSoon(
      saidAt(run, (event) => event.type === "step-done" && event.step === done),
      seen(),
      began,
      run,
    );
  if (error) {
    const last = run.said.at(-1);
    const what = [error.what].flat().find((text) => exact(text) === last?.event.what);
    expect(what, run.stderr).toBeDefined();
    texts.add(`${row.fault} ${what}`);
    expect(last?.event, run.stderr).toMatchObject({
      type: "error",
      ...(error.why === undefined ? {} : { why: error.why }),
      remedy: { text: expect.stringMatching(error.remedy) },
      exitCode: error.code ?? 1,
    });
    if (row.certain) {
      const failed = saidAt(run, ({ type }) => type === "step-failed" || type === "error");
      expectSoon(failed, certain(), began, run);
    }
    // What the error says is not said again.
    expect(last?.event.behind).toBeUndefined();
    expect(run.seconds).toBeLessThan(row.certain ? QUICK.permanent : QUICK.late);
  }
  await expectNamed(scene, row);
  expect(run.code, run.stderr).toBe(error ? (error.code ?? 1) : 0);
  // That the next run mends it is much the same for all of them.
  if (!error || row.again === false || !again.has(row)) return;
  await scene.faults.end();
  const mended = await scene.run([...args, ...(row.again ?? [])]);
  expect(mended.code, mended.stderr).toBe(0);
};

describe.concurrent("the wait explains itself", () => {
  it.each(sampled(rows, 3).map((row) => [row.title ?? row.fault ?? "", row] as const))("%s", async (_title, row) => {
    const { fault, version, uninstall } = row;
    const leave = await enter();
    const scene = await openScene({
      ...(version === undefined ? {} : { version }),
      faults: fault === undefined || uninstall ? [] : [fault],
    });
    try {
      await check(scene, row);
    } finally {
      await scene.close();
      leave();
    }
  });

  afterAll(() => {
    const said = `the slowest said ${Math.round(slowest)} ms after it could be seen`;
    process.stdout.write(`waits: ${faults.size} faults × ${texts.size} texts; ${said}\n`);
    process.stdout.write(`doctor names nothing at:\n${passing.map((line) => `  ${line}\n`).join("")}`);
  });
});

it("has a row for every fault of the cluster", () => {
  const inside = FAULTS.filter(({ isOutside }) => !isOutside).map(({ name }) => name);
  expect(inside.filter((name) => !faults.has(name))).toEqual([]);
});
