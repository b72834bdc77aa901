import { afterAll, describe, expect, it } from "vitest";
import { FAULTS } from "../../src/sandbox/faults/index.ts";
import { type Row, rows } from "./rows.ts";
import { openScene, type Run, type Scene } from "./scene.ts";

/** From when a fault can be seen to when it is said (rule 7 and promise 4), in milliseconds. */
const SOON_MS = 2_000;
/** Of a step, for faults that stay; and how long the whole run may take then, in seconds. */
const TIMEOUT = "3";
const QUICK = { permanent: 10, late: 20 };

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
  const exact = (text: string): string => {
    texts.add(`${row.fault}: ${text}`);
    return text.replaceAll("<server>", scene.api.url);
  };

  const { waiting, note, error, done } = row;
  if (waiting !== undefined) {
    const reason = exact(waiting);
    const waits = (event: Run["said"][number]["event"]): boolean => event.type === "waiting" && event.reason === reason;
    expectSoon(saidAt(run, waits), seen(), began, run);
    expect(run.said.find(({ event }) => waits(event))?.event.remedy).toMatchObject({
      text: expect.stringMatching(/./),
    });
    // People see the same.
    expect(run.stderr.replaceAll(/\s+/g, " ")).toContain(`: ${reason}`);
  }
  if (note !== undefined) {
    const text = exact(note);
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
    expect(last?.event, run.stderr).toMatchObject({
      type: "error",
      what: exact(error.what),
      ...(error.why === undefined ? {} : { why: error.why }),
      remedy: { text: expect.stringMatching(error.remedy) },
      exitCode: error.code ?? 1,
    });
    if (row.certain) {
      const failed = saidAt(run, ({ type }) => type === "step-failed" || type === "error");
      expectSoon(failed, certain(), began, run);
    }
    expect(run.seconds).toBeLessThan(row.certain ? QUICK.permanent : QUICK.late);
  }
  expect(run.code, run.stderr).toBe(error ? (error.code ?? 1) : 0);
  if (!error || row.again === false) return;
  await scene.faults.end();
  const again = await scene.run([...args, ...(row.again ?? [])]);
  expect(again.code, again.stderr).toBe(0);
};

describe.concurrent("the wait explains itself", () => {
  it.each(rows.map((row) => [row.title ?? row.fault ?? "", row] as const))("%s", async (_title, row) => {
    const { fault, version, uninstall } = row;
    const scene = await openScene({
      ...(version === undefined ? {} : { version }),
      faults: fault === undefined || uninstall ? [] : [fault],
    });
    try {
      await check(scene, row);
    } finally {
      await scene.close();
    }
  });

  afterAll(() => {
    const said = `the slowest said ${Math.round(slowest)} ms after it could be seen`;
    process.stdout.write(`waits: ${faults.size} faults × ${texts.size} texts; ${said}\n`);
  });
});

it("has a row for every fault", () => {
  expect(FAULTS.map(({ name }) => name).filter((name) => !faults.has(name))).toEqual([]);
});
