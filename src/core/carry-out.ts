import { UserError } from "../ports/error.ts";
import type { Waiting } from "../ports/outage.ts";
import { allSettled } from "../ports/settled.ts";
import { assertAgreed } from "./agreed.ts";
import type { ChangeBase, Goal, StepPlan } from "./change.ts";
import type { Check, Checked, Finding, ReadContext } from "./check.ts";
import type { Emit } from "./event.ts";
import { errorOf, isBad } from "./finding-error.ts";
import { patiently, within } from "./patience.ts";
import type { StepBase } from "./step.ts";
import { type OnReason, waitFor } from "./wait.ts";
import type { World } from "./world.ts";

export interface StepTools<S extends StepBase> extends Omit<ReadContext, "cluster"> {
  readonly world: World<S>;
  readonly emit: Emit;
  /** Fields of others were agreed to be taken. */
  readonly takeOwnership: boolean;
  /** For each step: how long its waits may take together. */
  readonly timeoutMs: number;
}

/** What has come of a step so far. */
export interface Outcome {
  readonly changes: ChangeBase[];
  readonly findings: Checked[];
}

/** Applies what was agreed for one step and waits for its checks. */
export const carryOut = async <S extends StepBase>(
  step: S,
  plan: StepPlan,
  goal: Goal,
  tools: StepTools<S>,
  /** Filled with what has to be removed again at the end. */
  temporaries: ChangeBase[],
  /** Filled with what is done and found, for as far as it comes. */
  outcome: Outcome,
): Promise<void> => {
  const { world } = tools;
  const { kindOf } = world;
  const remaining = within(tools.timeoutMs);
  let last: Waiting | undefined;
  // Writes that wait for the same reason report it once.
  const waiting =
    (check: string): OnReason =>
    (reason, remedy, seen) => {
      if (reason !== last?.wait) tools.emit({ type: "waiting", step: step.id, check, reason, remedy, ...seen });
      last = { wait: reason, remedy };
    };
  const planAgain = async (): Promise<readonly ChangeBase[]> => {
    const now = await world.replan(step, plan, goal);
    assertAgreed(now, plan.changes, kindOf, tools.takeOwnership);
    return now;
  };
  const changes =
    plan.changes.length === 0
      ? []
      : await patiently(planAgain, {
          late: (meaning) => timedOut("The plan could not be compared with the cluster", meaning),
          signal: tools.signal,
          remaining,
          onReason: waiting("plan"),
        });

  const meaningOf = world.refusals();
  const perform = async (change: ChangeBase): Promise<void> => {
    tools.signal.throwIfAborted();
    const kind = kindOf(change);
    if (kind.temporary?.is(change)) temporaries.push(change);
    const subject = `${kind.subject(change)} could not be ${kind.done}`;
    using late = deadline(remaining(), () => timedOut(subject, inWords(last)));
    const signal = AbortSignal.any([tools.signal, late.signal]);
    let obstacle = world.obstacle(change);
    let again = false;
    /** An object that is terminating is not written to: first it has to be gone. */
    const write = async (): Promise<void> => {
      if (obstacle) await awaitGone(obstacle, subject, tools, remaining, waiting("apply"));
      await world.carryOut(change, { signal, again, onWaiting: waiting("apply") }).catch((error: unknown) => {
        again = true;
        obstacle = world.obstacle(change, error);
        throw error;
      });
    };
    await patiently(write, {
      late: (meaning, error) => timedOut(subject, meaning, error),
      meaning: (error) => meaningOf(error, change),
      signal: tools.signal,
      remaining,
      onReason: waiting("apply"),
    });
    outcome.changes.push(change);
    tools.emit({ type: "change-done", step: step.id, change });
  };

  /** Waits for what has to hold before the changes of a wave, or after them. */
  const awaitWave = async (wave: readonly ChangeBase[], when: "before" | "after"): Promise<void> => {
    for (const [kind, same] of Map.groupBy(wave, kindOf)) {
      const check = kind[when]?.(same);
      if (check) assertHeld(check, await waited(check, tools, remaining, waiting(check.id)));
    }
  };
  const first = changes.filter(({ afterVerify }) => !afterVerify);
  for (const wave of waves(first, kindOf)) {
    await awaitWave(wave, "before");
    await allSettled(wave.map(perform));
    await awaitWave(wave, "after");
  }
  const checks = goal === "present" ? step.verify : (step.verifyAbsent ?? []);
  for (const check of checks) {
    const finding = await waited(check, tools, remaining, waiting(check.id));
    outcome.findings.push({ id: check.id, title: check.title, ...finding });
    assertHeld(check, finding);
  }
  await allSettled(changes.filter((change) => !first.includes(change)).map(perform));
};

/** Waves of changes that may run at once; removals come first, in their own order. */
const waves = (changes: readonly ChangeBase[], kindOf: World["kindOf"]): readonly (readonly ChangeBase[])[] => {
  const byWave = Map.groupBy(changes, (change) => kindOf(change).wave(change));
  return [...byWave.keys()].sort((a, b) => a - b).map((key) => byWave.get(key) ?? []);
};

type WaitTools = StepTools<never>;

const assertHeld = (check: Check, finding: Finding): void => {
  if (!isBad(finding)) return;
  const why = finding.permanent ? "Waiting cannot mend this." : `"${check.title}" did not come true in time.`;
  throw errorOf(check, finding, { why, kind: "failed" });
};

const waited = (
  check: Check,
  { world, ...tools }: WaitTools,
  remaining: () => number,
  onReason: OnReason,
): Promise<Finding> =>
  waitFor(check, { ...tools, cluster: world.cluster }, { timeoutMs: remaining(), onReason, watch: world.watch });

/** Waits until something that stands in the way of a write is gone. */
const awaitGone = async (
  check: Check,
  subject: string,
  tools: WaitTools,
  remaining: () => number,
  onReason: OnReason,
): Promise<void> => {
  const finding = await waited(check, tools, remaining, onReason);
  if ("remedy" in finding) throw timedOut(subject, { wait: finding.summary, remedy: finding.remedy });
};

/** The last reason to wait. Its remedy counts only where it has a command to copy. */
const inWords = (last: Waiting | undefined): Waiting => ({
  wait: last?.wait ?? "no answer",
  remedy: last?.remedy.command ? last.remedy : AGAIN,
});

const AGAIN = { text: "Run the same command again: it goes on where it stopped." };

/** Aborts after so many milliseconds: what is asked of DNS providers and CAs waits inside. */
const deadline = (milliseconds: number, reason: () => Error): { readonly signal: AbortSignal } & Disposable => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(reason()), milliseconds);
  return { signal: stop.signal, [Symbol.dispose]: () => clearTimeout(timer) };
};

/** `cause`: what the last try ended with. */
const timedOut = (subject: string, { wait, remedy }: Waiting, cause?: unknown): UserError =>
  new UserError({
    id: "run.timeout",
    what: `${subject} in time: ${wait}`,
    why: "What is done is kept; --timeout gives it longer.",
    remedy,
    kind: "failed",
    cause,
  });
