import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterWrite } from "../ports/cluster.ts";
import { Interrupted, messageOf, UserError } from "../ports/error.ts";
import { describe, refOf } from "../ports/object.ts";
import { type ApplyTools, applyChange, type Issue, refusal } from "./apply.ts";
import { fills } from "./blank.ts";
import type { Change, ObjectChange, Plan, StepPlan } from "./change.ts";
import { type Check, fail, ok, type ReadContext } from "./check.ts";
import type { Emit } from "./event.ts";
import { removalWave, wave } from "./inventory.ts";
import { order, reverse } from "./order.ts";
import { planStep, subjectOf, targetOf } from "./plan.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Kind, Step } from "./step.ts";
import { until } from "./wait.ts";

export interface RunTools extends ReadContext {
  readonly cluster: ClusterWrite;
  readonly issue: Issue;
  readonly emit: Emit;
  readonly takeOwnership: boolean;
  /** For each step: how long its waits may take together. */
  readonly timeoutMs: number;
}

export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly status: "done" | "failed" | "stopped" | "not started";
  /** Since the run began. */
  readonly startedAt: number;
  readonly seconds: number;
  readonly changes: number;
  readonly summary: string;
}

export interface Report {
  readonly outcome: "done" | "failed" | "interrupted";
  readonly steps: readonly StepReport[];
  readonly seconds: number;
  readonly error?: Error;
}

/**
 * Runs an agreed plan: independent steps at once, each replanned just before it starts, nothing written that was not shown.
 * Never rejects for what the world does; the report carries the error.
 */
export const run = async (agreed: Plan, steps: readonly Step[], tools: RunTools): Promise<Report> => {
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const sorted = agreed.goal === "present" ? order(steps) : reverse(steps);
  const reports = new Map<string, StepReport>();
  const stop = new AbortController();
  const signal = AbortSignal.any([tools.signal, stop.signal]);
  const started = new Map<string, Promise<boolean>>();
  const temporaries: { step: string; change: ObjectChange }[] = [];
  let failure: Error | undefined;

  const runStep = async (step: Step): Promise<boolean> => {
    const before = await Promise.all(step.needs.map((id) => started.get(id)));
    const plan = agreed.steps.find((candidate) => candidate.step === step.id) ?? {
      step: step.id,
      title: step.title,
      changes: [],
      notes: [],
    };
    const note = (status: StepReport["status"], startedAt: number, changes: number, summary: string): void => {
      reports.set(step.id, {
        id: step.id,
        title: plan.title,
        status,
        startedAt,
        seconds: since() - startedAt,
        changes,
        summary,
      });
    };
    if (signal.aborted || before.includes(false)) {
      note("not started", since(), 0, "");
      return false;
    }
    const startedAt = since();
    tools.emit({ type: "step-started", step: step.id, title: plan.title, changes: plan.changes.length });
    let done = 0;
    try {
      const summary = await carryOut(step, plan, agreed, { ...tools, signal }, temporaries, () => {
        done += 1;
      });
      note("done", startedAt, done, summary);
      tools.emit({ type: "step-done", step: step.id, title: plan.title, seconds: since() - startedAt, summary });
      return true;
    } catch (error) {
      const stopped = signal.aborted;
      note(stopped ? "stopped" : "failed", startedAt, done, stopped ? "" : messageOf(error));
      if (!stopped) {
        failure = error instanceof Error ? error : new Error(String(error));
        tools.emit({
          type: "step-failed",
          step: step.id,
          title: plan.title,
          seconds: since() - startedAt,
          error: messageOf(error),
        });
        stop.abort(failure);
      }
      return false;
    }
  };

  for (const step of sorted) started.set(step.id, runStep(step));
  await Promise.all(started.values());
  const leftovers = await removeTemporaries(temporaries, tools);
  failure ??= leftovers;
  const interrupted = tools.signal.aborted;
  const reason: unknown = tools.signal.reason;
  return {
    outcome: interrupted ? "interrupted" : failure ? "failed" : "done",
    steps: sorted.flatMap((step) => reports.get(step.id) ?? []),
    seconds: since(),
    ...(interrupted
      ? { error: reason instanceof Error ? reason : new Interrupted("SIGINT") }
      : failure
        ? { error: failure }
        : {}),
  };
};

/** Applies what was agreed for one step and waits for its checks. Resolves to a one-line summary. */
const carryOut = async (
  step: Step,
  plan: StepPlan,
  agreed: Plan,
  tools: RunTools,
  temporaries: { step: string; change: ObjectChange }[],
  onDone: () => void,
): Promise<string> => {
  const deadline = performance.now() + tools.timeoutMs;
  const remaining = (): number => Math.max(0, deadline - performance.now());
  const changes = plan.changes.length === 0 ? [] : await replan(step, plan, agreed, tools);
  const waiting = (check: string) => (reason: string) => tools.emit({ type: "waiting", step: step.id, check, reason });

  const perform = async (change: Change): Promise<void> => {
    tools.signal.throwIfAborted();
    if (change.kind === "object" && change.temporary) temporaries.push({ step: step.id, change });
    await patiently(change, tools, remaining, waiting("apply"));
    onDone();
    tools.emit({ type: "change-done", step: step.id, change });
  };

  const early = changes.filter((change) => !(change.kind === "object" && change.afterVerify));
  for (const group of groups(early)) {
    await all(group.map(perform));
    const removed = group.filter(
      (change): change is ObjectChange => change.kind === "object" && change.action === "delete",
    );
    if (removed.length > 0) await hold(goneCheck(removed), tools, remaining, waiting("objects.gone"));
  }
  const checks = agreed.goal === "present" ? step.verify : (step.verifyAbsent ?? []);
  const summaries: string[] = [];
  for (const check of checks) summaries.push(await hold(check, tools, remaining, waiting(check.id)));
  await all(changes.filter((change) => !early.includes(change)).map(perform));
  return summaries.join("; ") || (changes.length > 0 ? `${changes.length} changed` : "up to date");
};

/** Waits for all, then throws the first failure, so that no write is left running behind an error. */
const all = async (work: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
};

/** Waves of changes that may run at once; removals come first, in their own order. */
const groups = (changes: readonly Change[]): readonly (readonly Change[])[] => {
  const rank = (change: Change): number => {
    if (change.kind === "certificate") return 3;
    return change.action === "delete" ? removalWave(change.object.kind) - 1000 : wave(change.object.kind);
  };
  const byRank = Map.groupBy(changes, rank);
  return [...byRank.keys()].sort((a, b) => a - b).map((key) => byRank.get(key) ?? []);
};

const replan = async (step: Step, plan: StepPlan, agreed: Plan, tools: RunTools): Promise<readonly Change[]> => {
  // Only what was agreed to go may go, so only its kinds need to be looked through.
  const kinds = plan.changes.flatMap((change) =>
    change.kind === "object" && change.action === "delete"
      ? [
          {
            apiVersion: change.object.apiVersion,
            kind: change.object.kind,
            namespaced: change.object.metadata.namespace !== undefined,
          },
        ]
      : [],
  );
  const live = takeSnapshot(tools.cluster, true);
  const now = await planStep(
    step,
    { goal: agreed.goal, live, now: tools.now, cluster: tools.cluster, kinds: unique(kinds), firm: true },
    true,
  );
  const shown = new Map(plan.changes.map((change) => [targetOf(change), change]));
  for (const change of now.changes) {
    const earlier = shown.get(targetOf(change));
    if (!earlier || !covers(earlier, change, tools.takeOwnership)) throw unagreed(change, earlier);
  }
  return now.changes;
};

const unique = (kinds: readonly Kind[]): readonly Kind[] => [
  ...new Map(kinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind])).values(),
];

/** Whether a replanned change is the agreed one with nothing but its blanks filled in (rule 3). */
const covers = (agreed: Change, now: Change, takeOwnership: boolean): boolean => {
  if (agreed.kind === "certificate" || now.kind === "certificate") {
    return (
      agreed.kind === now.kind &&
      fills(agreed.kind === "certificate" ? agreed.names : [], now.kind === "certificate" ? now.names : [])
    );
  }
  if (agreed.action === "delete") return agreed.uid === undefined || agreed.uid === now.uid;
  if (agreed.uid !== undefined && agreed.uid !== now.uid) return false;
  const known = new Set(agreed.conflicts.map((conflict) => conflict.path));
  if (!takeOwnership && now.conflicts.some((conflict) => !known.has(conflict.path))) return false;
  return fills(agreed.object, now.object) && fills(agreed.dropData ?? [], now.dropData ?? []);
};

const unagreed = (change: Change, earlier: Change | undefined): UserError =>
  new UserError({
    id: "run.unagreed",
    what: `The cluster changed after the plan was shown: ${change.action} of ${subjectOf(change)} ${earlier ? "is no longer what was agreed" : "was not in it"}.`,
    why:
      change.kind === "object" && change.conflicts.length > 0
        ? `${change.conflicts.map(({ path, owner }) => `${path} is now owned by ${owner}`).join("; ")}. Nothing is changed that was not shown.`
        : "Nothing is changed that was not shown.",
    remedy: { text: "Run the same command again and look at the new plan; what is done is kept." },
    exitCode: 1,
  });

/** Writes one change; what may pass by itself (a webhook that is still starting) is tried again until time runs out. */
const patiently = async (
  change: Change,
  tools: ApplyTools,
  remaining: () => number,
  onReason: (reason: string) => void,
): Promise<void> => {
  let reason = "";
  for (;;) {
    try {
      return await applyChange(change, tools);
    } catch (error) {
      const meaning = refusal(error, change);
      if ("final" in meaning) throw meaning.final;
      if (remaining() === 0) throw timedOut(subjectOf(change), meaning.wait);
      if (meaning.wait !== reason) onReason(meaning.wait);
      reason = meaning.wait;
      await sleep(250, undefined, { signal: tools.signal }).catch(() => {});
      tools.signal.throwIfAborted();
    }
  }
};

const hold = async (
  check: Check,
  tools: RunTools,
  remaining: () => number,
  onReason: (reason: string) => void,
): Promise<string> => {
  const finding = await until(check, tools, { timeoutMs: remaining(), onReason });
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

const timedOut = (subject: string, reason: string): UserError =>
  new UserError({
    id: "run.timeout",
    what: `${subject} could not be written in time: ${reason}`,
    remedy: "Mend the cause and run the same command again; what is done is kept. --timeout gives it longer.",
    exitCode: 1,
  });

/** Removed objects are gone, and if not, what holds them. */
const goneCheck = (removed: readonly ObjectChange[]): Check => ({
  id: "objects.gone",
  title: "Removed objects are gone",
  run: async (ctx) => {
    const left = await Promise.all(
      removed.map(async ({ object, uid }) => {
        const live = await ctx.cluster.get(refOf(object));
        return live && (uid === undefined || live.metadata.uid === uid) ? live : undefined;
      }),
    );
    const holding = left.filter((object) => object !== undefined);
    const [first] = holding;
    if (!first) return ok(`${removed.length} removed`);
    const because = first.metadata.finalizers?.length
      ? ` held by finalizer ${first.metadata.finalizers.join(", ")}`
      : namespaceReason(first.status);
    return fail(
      `${describe(first)} is still terminating${because}${holding.length > 1 ? ` (and ${holding.length - 1} more)` : ""}`,
      {
        text: "See what its controller says; what is removed stays removed.",
        command: `kubectl get ${first.kind.toLowerCase()} ${first.metadata.name}${first.metadata.namespace ? ` -n ${first.metadata.namespace}` : ""} -o yaml`,
      },
    );
  },
});

/** A namespace says itself what it waits for. */
const namespaceReason = (status: unknown): string => {
  const conditions = (
    (status as { conditions?: { status: string; message: string; type: string }[] } | undefined)?.conditions ?? []
  ).filter((condition) => condition.status === "True" && /Remaining|Failure/.test(condition.type));
  return conditions.length > 0 ? `: ${conditions.map((condition) => condition.message).join("; ")}` : "";
};

/** Always, also after a failure or a signal (rule 8). */
const removeTemporaries = async (
  temporaries: readonly { step: string; change: ObjectChange }[],
  tools: RunTools,
): Promise<Error | undefined> => {
  const results = await Promise.allSettled(
    temporaries.map(({ change }) => tools.cluster.remove(refOf(change.object), {})),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return undefined;
  const names = temporaries.map(({ change }) => describe(change.object)).join(", ");
  return new UserError({
    id: "run.left-behind",
    what: `${names} could not be removed: ${messageOf(failed.reason)}`,
    remedy: "The next run removes it.",
    exitCode: 1,
  });
};
