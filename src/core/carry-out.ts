import type { Followed } from "../kube/followed.ts";
import { earlierGone } from "../kube/gone.ts";
import { refusalsIn, terminatingIn } from "../kube/refusal.ts";
import { ApiError, type ClusterWrite } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { allSettled } from "../ports/settled.ts";
import { type ApplyTools, applyChange } from "./apply.ts";
import { type Change, type Goal, isTemporary, kindOf, type StepPlan, subjectOf } from "./change.ts";
import type { Check, ReadContext } from "./check.ts";
import type { Emit } from "./event.ts";
import type { Waiting } from "./outage.ts";
import { patiently, within } from "./patience.ts";
import { replan } from "./replan.ts";
import type { Step } from "./step.ts";
import { type OnReason, until } from "./wait.ts";

export interface RunTools extends ReadContext, Omit<ApplyTools, "onWaiting" | "again"> {
  readonly cluster: ClusterWrite;
  readonly emit: Emit;
  /** See {@link replan}. */
  readonly narrow?: boolean;
  /** For each step: how long its waits may take together. */
  readonly timeoutMs: number;
  /** What the waits of all steps follow. */
  readonly followed?: Followed;
  /** Filled with the namespaces that this run makes. */
  readonly made?: Set<string>;
}

/** Applies what was agreed for one step and waits for its checks. Resolves to a one-line summary. */
export const carryOut = async (
  step: Step,
  plan: StepPlan,
  goal: Goal,
  tools: RunTools,
  /** Filled with what has to be removed again at the end. */
  temporaries: Change[],
  onDone: () => void,
): Promise<string> => {
  const remaining = within(tools.timeoutMs);
  let said: Waiting | undefined;
  // Writes that wait together say it once.
  const waiting =
    (check: string): OnReason =>
    (reason, remedy) => {
      if (reason !== said?.wait) tools.emit({ type: "waiting", step: step.id, check, reason, remedy });
      said = { wait: reason, remedy };
    };
  const changes =
    plan.changes.length === 0
      ? []
      : await patiently(() => replan(step, plan, goal, tools), {
          late: (meaning) => timedOut("The plan could not be compared with the cluster", meaning),
          signal: tools.signal,
          remaining,
          onReason: waiting("plan"),
        });

  const meaningOf = refusalsIn(tools.cluster);
  const perform = async (change: Change): Promise<void> => {
    tools.signal.throwIfAborted();
    const kind = kindOf(change);
    if (isTemporary(change)) temporaries.push(change);
    const subject = `${subjectOf(change)} could not be ${kind.done}`;
    using late = lateness(remaining(), () => timedOut(subject, inWords(said)));
    const signal = AbortSignal.any([tools.signal, late.signal]);
    let obstacle = kind.obstacle?.(change);
    let again = false;
    /** What is going away is not written to: it is waited for. */
    const write = async (): Promise<void> => {
      if (obstacle) await gone(obstacle, subject, tools, remaining, waiting("apply"));
      await applyChange(change, { ...tools, signal, again, onWaiting: waiting("apply") }).catch((error: unknown) => {
        again = true;
        obstacle = kind.obstacle?.(change, error) ?? namespaceIn(error);
        throw error;
      });
    };
    await patiently(write, {
      late: (meaning) => timedOut(subject, meaning),
      meaning: (error) => meaningOf(error, change),
      signal: tools.signal,
      remaining,
      onReason: waiting("apply"),
    });
    const made = change.action === "create" ? kind.ref(change) : undefined;
    if (made?.kind === "Namespace") tools.made?.add(made.name);
    onDone();
    tools.emit({ type: "change-done", step: step.id, change });
  };

  /** What one wave needs before it, or leaves to be waited for. */
  const settled = async (wave: readonly Change[], when: "before" | "after"): Promise<void> => {
    for (const [kind, same] of Map.groupBy(wave, kindOf)) {
      const check = kind[when]?.(same);
      if (check) await hold(check, tools, remaining, waiting(check.id));
    }
  };
  const early = changes.filter(({ afterVerify }) => !afterVerify);
  for (const wave of waves(early)) {
    await settled(wave, "before");
    await allSettled(wave.map(perform));
    await settled(wave, "after");
  }
  const checks = goal === "present" ? step.verify : (step.verifyAbsent ?? []);
  const summaries: string[] = [];
  for (const check of checks) summaries.push(await hold(check, tools, remaining, waiting(check.id)));
  await allSettled(changes.filter((change) => !early.includes(change)).map(perform));
  return summaries.join("; ") || (changes.length > 0 ? `${changes.length} changed` : "up to date");
};

/** Waves of changes that may run at once; removals come first, in their own order. */
const waves = (changes: readonly Change[]): readonly (readonly Change[])[] => {
  const byWave = Map.groupBy(changes, (change) => kindOf(change).wave(change));
  return [...byWave.keys()].sort((a, b) => a - b).map((key) => byWave.get(key) ?? []);
};

const hold = async (check: Check, tools: RunTools, remaining: () => number, onReason: OnReason): Promise<string> => {
  const { followed } = tools;
  const finding = await until(check, tools, { timeoutMs: remaining(), onReason, ...(followed ? { followed } : {}) });
  if (finding.status === "fail" || finding.status === "unknown") {
    throw new UserError({
      id: check.id,
      what: finding.summary,
      why: finding.permanent ? "Waiting cannot mend this." : `"${check.title}" did not come true in time.`,
      remedy: finding.remedy,
      kind: "failed",
    });
  }
  return finding.summary;
};

/** The namespace that is going away and refused a write. */
const namespaceIn = (error: unknown): Check | undefined => {
  const name = error instanceof ApiError && error.status === 403 ? terminatingIn(error.message) : undefined;
  return name === undefined ? undefined : earlierGone({ apiVersion: "v1", kind: "Namespace", name });
};

/** Waits until something that stands in the way of a write is gone. */
const gone = async (
  check: Check,
  subject: string,
  tools: RunTools,
  remaining: () => number,
  onReason: OnReason,
): Promise<void> => {
  const finding = await until(check, tools, { timeoutMs: remaining(), onReason });
  if ("remedy" in finding) throw timedOut(subject, { wait: finding.summary, remedy: finding.remedy });
};

/** What was said last; advice that somebody can follow is part of it, not that it goes on. */
const inWords = (said: Waiting | undefined): Waiting => ({
  wait: said?.wait ?? "no answer",
  remedy: said?.remedy.command ? said.remedy : AGAIN,
});

const AGAIN = { text: "Run the same command again: it goes on where it stopped." };

/** Aborts after so many milliseconds: what is asked of DNS providers and CAs waits inside. */
const lateness = (milliseconds: number, reason: () => Error): { readonly signal: AbortSignal } & Disposable => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(reason()), milliseconds);
  return { signal: stop.signal, [Symbol.dispose]: () => clearTimeout(timer) };
};

const timedOut = (subject: string, { wait, remedy }: Waiting): UserError =>
  new UserError({
    id: "run.timeout",
    what: `${subject} in time: ${wait}`,
    why: "What is done is kept; --timeout gives it longer.",
    remedy,
    kind: "failed",
  });
