import { describe, expect, it, vi } from "vitest";
import type { StepTask } from "../../src/cli/reporter/list.ts";
import { runTasks } from "../../src/cli/reporter/list.ts";
import { createSteps } from "../../src/cli/reporter/steps.ts";
import type { Event } from "../../src/core/event.ts";
import { found } from "./found.ts";
import { plan } from "./plans.ts";

/** What listr2 tells of a task beyond what is shown. */
type Task = StepTask & {
  readonly state: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly isEnabled: () => boolean;
};

const settled = (): Promise<void> => new Promise(setImmediate);

const started = (step: string, title = `Do ${step}`): Event => ({ type: "step-started", step, title, changes: 2 });
const done = (step: string): Event => ({
  type: "step-done",
  step,
  title: step,
  seconds: 1,
  changes: [],
  findings: [found("well")],
});
const failed = (step: string, error: string): Event => ({ type: "step-failed", step, title: step, seconds: 1, error });
const skipped = (step: string, reason: string): Event => ({ type: "step-skipped", step, title: step, reason });
const waiting = (step: string, reason: string): Event => ({ type: "waiting", step, check: "a.b", reason });

/** Steps whose list begins when `open` is called. */
const late = () => {
  const tasks: Task[] = [];
  const loaded = Promise.withResolvers<void>();
  const lost: unknown[] = [];
  let ended = false;
  const load = vi.fn(async () => {
    await loaded.promise;
    return {
      runTasks: async (...[list, show]: Parameters<typeof runTasks>) => {
        await runTasks(list, (begun) => {
          tasks.push(...(begun as readonly Task[]));
          show(begun);
        });
        ended = true;
      },
    };
  });
  const steps = createSteps({ now: () => 0, load, lost: (error) => void lost.push(error) });
  return { steps, tasks, load, lost, loaded, ended: () => ended };
};

const [first, second, third] = plan.steps.map(({ step }) => step) as [string, string, string];

describe("the steps of a run as tasks of listr2", () => {
  const running = async () => {
    const one = late();
    one.loaded.resolve();
    one.steps.take({ type: "plan", plan });
    one.steps.take(started(first));
    await settled();
    return one;
  };
  const states = (tasks: readonly Task[]): readonly string[] => tasks.map(({ state }) => state);

  it("are those of the plan, and each starts when its step does", async () => {
    const { tasks, steps } = await running();
    expect(tasks.map(({ title }) => title)).toEqual([`Do ${first}`, ...plan.steps.slice(1).map(({ title }) => title)]);
    expect(states(tasks)).toEqual(["STARTED", ...plan.steps.slice(1).map(() => "WAITING")]);
    steps.take(started(third));
    await settled();
    expect(states(tasks).slice(0, 3)).toEqual(["STARTED", "WAITING", "STARTED"]);
  });

  it("end as their steps end: done with a duration, failed with the error, skipped with the reason", async () => {
    const { tasks, steps } = await running();
    steps.take(started(second));
    steps.take(done(first));
    steps.take(failed(second, "not there"));
    steps.take(skipped(third, "not needed"));
    await settled();
    expect(states(tasks).slice(0, 3)).toEqual(["COMPLETED", "FAILED", "SKIPPED"]);
    expect(tasks.map(({ message }) => message).slice(0, 3)).toEqual([
      { duration: expect.any(Number) },
      { error: "not there" },
      { skip: "not needed" },
    ]);
    expect(steps.progress().done).toBe(3);
    expect(steps.running()).toEqual([]);
  });

  it("have the reason to wait as their output, to the letter", async () => {
    const { tasks, steps } = await running();
    for (const reason of ["100%d of %s", "two\nlines", "%"]) {
      steps.take(waiting(first, reason));
      expect(tasks[0]?.output).toBe(reason);
      expect(steps.running()[0]?.wait?.reason).toBe(reason);
    }
  });

  it("go on when one has failed, and all end with the run: what was stopped is skipped, what never started is none", async () => {
    const { tasks, steps, ended, lost } = await running();
    steps.take(failed(first, "not there"));
    steps.take(started(second));
    await settled();
    expect(states(tasks).slice(0, 3)).toEqual(["FAILED", "STARTED", "WAITING"]);
    expect(ended()).toBe(false);
    steps.close();
    await settled();
    expect(states(tasks).slice(0, 3)).toEqual(["FAILED", "SKIPPED", "WAITING"]);
    expect(tasks.map((task) => task.isEnabled()).slice(0, 3)).toEqual([true, true, false]);
    expect({ ended: ended(), lost, busy: steps.isBusy() }).toEqual({ ended: true, lost: [], busy: false });
  });

  it("are shown in the order in which they have started, and not after they are over", async () => {
    const { steps } = await running();
    steps.take(started(third));
    steps.take(started(second));
    await settled();
    const titles = () => steps.running().map(({ title }) => title);
    expect(titles()).toEqual([`Do ${first}`, `Do ${third}`, `Do ${second}`]);
    steps.take(done(third));
    // At once: the line that says so is printed in the same moment.
    expect(titles()).toEqual([`Do ${first}`, `Do ${second}`]);
  });

  it("count anew with the next plan", async () => {
    const { steps } = await running();
    steps.take(done(first));
    await settled();
    expect(steps.progress()).toEqual({ done: 1, total: plan.steps.length, began: 0 });
    steps.take({ type: "plan", plan: { ...plan, steps: plan.steps.slice(0, 2) } });
    expect(steps.progress()).toEqual({ done: 0, total: 2, began: undefined });
  });

  it("may be such that no plan has named", async () => {
    const { steps, tasks } = await running();
    steps.take(started("other"));
    await settled();
    expect(tasks).toHaveLength(plan.steps.length + 1);
    expect(steps.running().map(({ title }) => title)).toEqual([`Do ${first}`, "Do other"]);
  });
});

describe("listr2", () => {
  it("is loaded when a step starts, and not for a plan that is only looked at", () => {
    const { steps, load } = late();
    steps.take({ type: "plan", plan });
    steps.take(waiting("lock", "held"));
    steps.close();
    expect(load).not.toHaveBeenCalled();
    steps.take({ type: "plan", plan });
    steps.take(started(first));
    steps.take(started(second));
    expect(load).toHaveBeenCalledOnce();
  });

  it("learns what has happened while it was being loaded", async () => {
    const { steps, tasks, loaded } = late();
    steps.take({ type: "plan", plan });
    for (const event of [started(first), waiting(first, "starting"), started(second), failed(second, "x")])
      steps.take(event);
    expect(steps.running()).toEqual([]);
    loaded.resolve();
    await settled();
    expect(tasks.map(({ state }) => state).slice(0, 3)).toEqual(["STARTED", "FAILED", "WAITING"]);
    expect(steps.running()).toMatchObject([{ title: `Do ${first}`, wait: { reason: "starting" } }]);
  });

  it("shows nothing of a run that was over before it was loaded", async () => {
    const { steps, loaded, ended } = late();
    steps.take({ type: "plan", plan });
    steps.take(started(first));
    steps.close();
    loaded.resolve();
    await settled();
    expect({ running: steps.running(), ended: ended() }).toEqual({ running: [], ended: true });
  });

  it("may be missing: that is said, and nothing is thrown", async () => {
    const { steps, loaded, lost } = late();
    const missing = new Error("no such file");
    steps.take(started(first));
    loaded.reject(missing);
    await settled();
    steps.take(done(first));
    expect(lost).toEqual([missing]);
    expect(steps.isBusy()).toBe(false);
  });

  it("leaves the process alone: signals, streams, cursor", async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP", "exit"] as const;
    const state = () => ({
      listeners: signals.map((name) => process.listenerCount(name)),
      most: process.getMaxListeners(),
      writes: [process.stdout.write, process.stderr.write],
    });
    const before = state();
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write"));
    const spied = state();
    const { steps, loaded } = late();
    loaded.resolve();
    steps.take({ type: "plan", plan });
    steps.take(started(first));
    await settled();
    expect(state()).toEqual(spied);
    steps.take(failed(first, "x"));
    steps.close();
    await settled();
    expect(state()).toEqual(spied);
    for (const spy of written) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
    expect(state()).toEqual(before);
  });
});
