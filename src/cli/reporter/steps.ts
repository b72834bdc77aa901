import type { Event } from "../../core/event.ts";
import { redact } from "../../secrets/redact.ts";
import type { Facts, StepListrTask, StepTask, Wait } from "./list.ts";

/** A step that is running now. */
export interface Running {
  readonly title: string;
  readonly since: number;
  readonly changes: number;
  readonly done: number;
  readonly wait: Wait | undefined;
}

/** The steps of a run, each a task of listr2: events drive the tasks, and what is shown is read from them. */
export interface Steps {
  readonly take: (event: Event) => void;
  /** Whether it has started and is not over. */
  readonly isRunning: (step: string) => boolean;
  readonly isBusy: () => boolean;
  readonly running: () => readonly Running[];
  /** How many steps are over, of how many, and when the first one started; undefined: none has. */
  readonly progress: () => { readonly done: number; readonly total: number; readonly began: number | undefined };
  /** Ends every task: the run is over. */
  readonly close: () => void;
}

export interface StepsOptions {
  /** Seconds of a clock that never goes back. */
  readonly now: () => number;
  /** listr2 and our renderer for it, loaded when the first step starts. */
  readonly load?: (() => Promise<Pick<typeof import("./list.ts"), "runTasks">>) | undefined;
  /** Called when listr2 cannot be loaded. The run goes on without it. */
  readonly lost?: (error: unknown) => void;
}

/** How a task ended. With neither field it is done. */
interface End {
  readonly failed?: string;
  readonly skipped?: string;
}

/** A task, and functions for what the engine tells about its step. */
interface Handle {
  readonly facts: Facts;
  readonly task: StepListrTask;
  /** Starts it under its title; with undefined it never starts. */
  readonly start: (title: string | undefined) => void;
  /** Passes the reason of its wait on to listr2. */
  readonly tell: () => void;
  readonly end: (end: End) => void;
}

const handleOf = (title: string): Handle => {
  let name = title;
  const started = Promise.withResolvers<boolean>();
  // It is resolved even when the step fails, because a step can be over before listr2 is there to catch a rejection.
  const ended = Promise.withResolvers<End>();
  const facts: Facts = { isRunning: false, since: 0, place: 0, changes: 0, done: 0, wait: undefined };
  // listr2 asks this of all tasks before it begins, and of each again before it starts.
  const answers = [true, started.promise];
  let told: { output: string } | undefined;
  const tell = (): void => {
    // null clears the output; listr2's type does not allow it.
    if (told) told.output = (facts.wait?.reason ?? null) as string;
  };
  return {
    facts,
    tell,
    start: (called) => {
      name = called ?? title;
      facts.isRunning = called !== undefined;
      started.resolve(facts.isRunning);
    },
    end: (end) => {
      facts.isRunning = false;
      ended.resolve(end);
    },
    task: {
      title,
      rendererOptions: facts,
      enabled: () => answers.shift() ?? started.promise,
      task: async (_context, task) => {
        task.title = name;
        told = task;
        tell();
        const { failed, skipped } = await ended.promise;
        if (failed !== undefined) throw new Error(failed);
        if (skipped !== undefined) task.skip(skipped);
      },
    },
  };
};

interface Titled {
  readonly step: string;
  readonly title: string;
}

export const createSteps = ({ now, load = () => import("./list.ts"), lost = () => {} }: StepsOptions): Steps => {
  const handles = new Map<string, Handle>();
  /** The steps of the plan, until the first of them starts. */
  let planned: readonly Titled[] = [];
  let shown: StepTask[] = [];
  let total = 0;
  let starts = 0;
  let began: number | undefined;

  const open = (steps: readonly Titled[]): void => {
    const added = steps.map(({ step, title }) => [step, handleOf(title)] as const);
    for (const [step, handle] of added) handles.set(step, handle);
    const tasks = added.map(([, { task }]) => task);
    const board = shown;
    load()
      .then(({ runTasks }) => runTasks(tasks, (begun) => void board.push(...begun)))
      .catch(lost);
  };

  const close = (): void => {
    for (const handle of handles.values()) {
      if (!handle.facts.isRunning) handle.start(undefined);
      handle.end({ skipped: "stopped" });
    }
    handles.clear();
    shown = [];
  };

  const start = ({ step, title, changes }: Event & { type: "step-started" }): void => {
    began ??= now();
    if (planned.length > 0) open(planned);
    planned = [];
    // A step that no plan has named gets a list of its own.
    if (!handles.has(step)) open([{ step, title }]);
    const handle = handles.get(step);
    if (!handle) return;
    starts += 1;
    Object.assign(handle.facts, { since: now(), place: starts, changes });
    handle.start(title);
  };

  const wait = ({ facts, tell }: Handle, { reason, remedy }: Event & { type: "waiting" }): void => {
    facts.wait = waitOf(facts.wait, { reason, remedy }, now());
    tell();
  };

  const changeDone = ({ facts, tell }: Handle): void => {
    facts.done += 1;
    // While other changes are open, the reason stays, because they may wait for the same and would not say so again.
    if (facts.done >= facts.changes) facts.wait = undefined;
    tell();
  };

  const take = (event: Event): void => {
    if (event.type === "plan") {
      close();
      planned = event.plan.steps.map(({ step, title }) => redact({ step, title }));
      total = planned.length;
      began = undefined;
    } else if (event.type === "step-started") start(event);
    const handle = "step" in event ? handles.get(event.step) : undefined;
    if (!handle) return;
    switch (event.type) {
      case "waiting":
        if (handle.facts.isRunning) wait(handle, event);
        break;
      case "change-done":
        changeDone(handle);
        break;
      case "step-done":
        handle.end({});
        break;
      case "step-failed":
        handle.end({ failed: event.error });
        break;
      case "step-skipped":
        handle.start(event.title);
        handle.end({ skipped: event.reason });
        break;
    }
  };

  return {
    take,
    close,
    isRunning: (step) => handles.get(step)?.facts.isRunning === true,
    isBusy: () => [...handles.values()].some(({ facts }) => facts.isRunning),
    running: () =>
      shown
        // The line that says that a step is over is printed before listr2 has come to know of it.
        .filter((task) => task.isStarted() && task.rendererTaskOptions.isRunning)
        .sort((a, b) => a.rendererTaskOptions.place - b.rendererTaskOptions.place)
        .map(({ title = "", output, rendererTaskOptions: { since, changes, done, wait } }) => ({
          ...{ title, since, changes, done },
          wait: wait && output ? { ...wait, reason: output } : undefined,
        })),
    progress: () => ({ done: shown.filter((task) => task.hasFinalized()).length, total, began }),
  };
};

/** A reason that is told again keeps the time when it was first told. */
export const waitOf = (
  last: Wait | undefined,
  { reason, remedy }: Pick<Wait, "reason" | "remedy">,
  now: number,
): Wait => ({
  reason,
  ...(remedy ? { remedy } : {}),
  since: last?.reason === reason ? last.since : now,
});
