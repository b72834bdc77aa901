import { ApiError, type ClusterWrite } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { refOf } from "../ports/object.ts";
import type { ZonesWrite } from "../ports/zones.ts";
import { type ApplyTools, applyChange, type Issue, StillGoing } from "./apply.ts";
import type { Change, Goal, ObjectChange, StepPlan } from "./change.ts";
import type { Check, ReadContext } from "./check.ts";
import { podsDrained } from "./draining.ts";
import type { Emit } from "./event.ts";
import type { Followed } from "./followed.ts";
import { earlierGone, goneCheck } from "./gone.ts";
import { removalWave, wave } from "./inventory.ts";
import type { Waiting } from "./outage.ts";
import { patiently, within } from "./patience.ts";
import { subjectOf } from "./plan.ts";
import { refusalsIn, terminatingIn } from "./refusal.ts";
import { replan } from "./replan.ts";
import type { Step } from "./step.ts";
import { type OnReason, until } from "./wait.ts";

export interface RunTools extends ReadContext {
  readonly cluster: ClusterWrite;
  readonly issue: Issue;
  readonly zones?: ZonesWrite;
  readonly settleAccount: ApplyTools["settleAccount"];
  readonly emit: Emit;
  readonly takeOwnership: boolean;
  /** See {@link replan}. */
  readonly narrow?: boolean;
  readonly remember: ApplyTools["remember"];
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
  temporaries: ObjectChange[],
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
    if (change.kind === "object" && change.temporary) temporaries.push(change);
    const subject = `${subjectOf(change)} could not be ${DONE[change.kind]}`;
    using late = lateness(remaining(), () => timedOut(subject, inWords(said)));
    const signal = AbortSignal.any([tools.signal, late.signal]);
    let obstacle =
      change.kind === "object" && change.earlier ? earlierGone(refOf(change.object), change.earlier) : undefined;
    let again = false;
    /** What is going away is not written to: it is waited for. */
    const write = async (): Promise<void> => {
      if (obstacle) await gone(obstacle, subject, tools, remaining, waiting("apply"));
      await applyChange(change, { ...tools, signal, again, onWaiting: waiting("apply") }).catch((error: unknown) => {
        again = true;
        obstacle = obstacleIn(error, change);
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
    if (change.kind === "object" && change.action === "create" && change.object.kind === "Namespace")
      tools.made?.add(change.object.metadata.name);
    onDone();
    tools.emit({ type: "change-done", step: step.id, change });
  };

  const early = changes.filter((change) => !(change.kind === "object" && change.afterVerify));
  for (const group of groups(early)) {
    const removed = group.filter(
      (change): change is ObjectChange => change.kind === "object" && change.action === "delete",
    );
    const spaces = removed.filter(
      ({ object: { kind, metadata } }) => kind === "Namespace" && !metadata.deletionTimestamp,
    );
    if (spaces.length > 0) {
      const drained = podsDrained(spaces.map(({ object }) => object.metadata.name));
      await hold(drained, tools, remaining, waiting(drained.id));
    }
    await all(group.map(perform));
    if (removed.length > 0) await hold(goneCheck(removed), tools, remaining, waiting("objects.gone"));
  }
  const checks = goal === "present" ? step.verify : (step.verifyAbsent ?? []);
  const summaries: string[] = [];
  for (const check of checks) summaries.push(await hold(check, tools, remaining, waiting(check.id)));
  await all(changes.filter((change) => !early.includes(change)).map(perform));
  return summaries.join("; ") || (changes.length > 0 ? `${changes.length} changed` : "up to date");
};

const DONE: Readonly<Record<Change["kind"], string>> = {
  object: "written",
  records: "written",
  certificate: "had",
  account: "settled with the CA",
};

/** Waits for all, then throws the first failure, so that no write is left running behind an error. */
const all = async (work: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
};

/** Waves of changes that may run at once; removals come first, in their own order. */
const groups = (changes: readonly Change[]): readonly (readonly Change[])[] => {
  const rank = (change: Change): number => {
    // While its key is still there.
    if (change.kind === "account") return -2000;
    if (change.kind !== "object") return 3;
    return change.action === "delete" ? removalWave(change.object.kind) - 1000 : wave(change.object.kind);
  };
  const byRank = Map.groupBy(changes, rank);
  return [...byRank.keys()].sort((a, b) => a - b).map((key) => byRank.get(key) ?? []);
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
      exitCode: 1,
    });
  }
  return finding.summary;
};

/** What is going away and refused a write: an earlier object of the same name, or the namespace. */
const obstacleIn = (error: unknown, change: Change): Check | undefined => {
  if (error instanceof StillGoing && change.kind === "object") return earlierGone(refOf(change.object), error.uid);
  const namespace = error instanceof ApiError && error.status === 403 ? terminatingIn(error.message) : undefined;
  return namespace === undefined ? undefined : earlierGone({ apiVersion: "v1", kind: "Namespace", name: namespace });
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
    exitCode: 1,
  });
