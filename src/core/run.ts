import { Interrupted, isUnsettled, messageOf, UserError } from "../ports/error.ts";
import { joined } from "../ports/shell.ts";
import { carryOut, type Outcome, type StepTools } from "./carry-out.ts";
import type { ChangeBase, Plan } from "./change.ts";
import type { Checked } from "./check.ts";
import { order, reverse } from "./order.ts";
import type { StepBase } from "./step.ts";
import type { World } from "./world.ts";

export interface EngineTools<S extends StepBase> extends Omit<StepTools<S>, "world"> {
  /** Opens the world that is to be changed. Its watches end with the signal. */
  readonly open: (signal: AbortSignal) => World<S>;
}

export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly status: "done" | "failed" | "stopped" | "not started";
  /** Since the run began. */
  readonly startedAt: number;
  readonly seconds: number;
  /** How many changes were agreed for it; absent: not known. */
  readonly planned?: number;
  /** What was carried out. */
  readonly changes: readonly ChangeBase[];
  /** What its checks came to, as far as they were run. */
  readonly findings: readonly Checked[];
  /** Why it failed. */
  readonly error?: string;
  /** Ids of the steps that had to be done before it; absent: not known. */
  readonly needs?: readonly string[];
}

export interface Report {
  readonly outcome: "done" | "failed" | "interrupted";
  readonly steps: readonly StepReport[];
  readonly seconds: number;
  readonly error?: Error;
  /** What was done is gone with its cluster, which was a rehearsal's. Absent: it is kept. */
  readonly isGone?: true;
}

/**
 * Runs an agreed plan: independent steps at once, each replanned just before it starts, nothing written that was not shown.
 * Never rejects for what the world does; the report carries the error.
 */
export const runPlan = async <S extends StepBase>(
  agreed: Plan,
  steps: readonly S[],
  tools: EngineTools<S>,
): Promise<Report> => {
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const sorted = agreed.goal === "present" ? order(steps) : reverse(steps);
  const reports = new Map<string, StepReport>();
  const stop = new AbortController();
  const signal = AbortSignal.any([tools.signal, stop.signal]);
  const started = new Map<string, Promise<boolean>>();
  const ended = new AbortController();
  const world = tools.open(AbortSignal.any([signal, ended.signal]));
  const stepTools = { ...tools, signal, world };
  const temporaries: ChangeBase[] = [];
  let failure: Error | undefined;
  /** What a person must do, by step. Steps that do not need it go on; at the end all of it is reported as one error. */
  const asked = new Map<string, UserError>();

  const runStep = async (step: S): Promise<boolean> => {
    const before = await Promise.all(step.needs.map((id) => started.get(id)));
    const plan = agreed.steps.find((candidate) => candidate.step === step.id) ?? {
      step: step.id,
      title: step.title,
      changes: [],
      notes: [],
    };
    const outcome: Outcome = { changes: [], findings: [] };
    const note = (status: StepReport["status"], startedAt: number, error?: string): void => {
      reports.set(step.id, {
        id: step.id,
        title: plan.title,
        status,
        startedAt,
        seconds: since() - startedAt,
        planned: plan.changes.length,
        ...outcome,
        ...(error === undefined ? {} : { error }),
        needs: step.needs,
      });
    };
    if (signal.aborted || before.includes(false)) {
      note("not started", since());
      return false;
    }
    const startedAt = since();
    tools.emit({ type: "step-started", step: step.id, title: plan.title, changes: plan.changes.length });
    try {
      await carryOut(step, plan, agreed.goal, stepTools, temporaries, outcome);
      note("done", startedAt);
      tools.emit({ type: "step-done", step: step.id, title: plan.title, seconds: since() - startedAt, ...outcome });
      return true;
    } catch (error) {
      const stopped = signal.aborted;
      note(stopped ? "stopped" : "failed", startedAt, stopped ? undefined : messageOf(error));
      if (!stopped && isUnsettled(error)) asked.set(step.id, error);
      else if (!stopped) {
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
  ended.abort();
  const leftovers = await removeTemporaries(temporaries, world);
  failure ??= together(sorted.flatMap(({ id }) => asked.get(id) ?? [])) ?? leftovers;
  const interrupted = tools.signal.aborted;
  // The interruption is the error of the run, so this is only noted.
  if (interrupted && leftovers)
    tools.emit({ type: "note", level: "warning", text: `${leftovers.message}. ${leftovers.remedy.text}` });
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

/** One error with all the commands. */
const together = (asked: readonly UserError[]): UserError | undefined => {
  const [first, ...others] = asked;
  if (!first || others.length === 0) return first;
  const commands = asked.flatMap(({ remedy }) => remedy.command ?? []);
  const records = asked.flatMap(({ seen }) => seen.facts?.records ?? []);
  return new UserError({
    id: first.id,
    what: [...new Set(asked.map(({ message }) => message))].join(" "),
    ...(first.why ? { why: first.why } : {}),
    remedy: { text: first.remedy.text, ...(commands.length > 0 ? { command: joined("\n", commands) } : {}) },
    kind: first.kind,
    seen: records.length > 0 ? { ...first.seen, facts: { ...first.seen.facts, records } } : first.seen,
  });
};

/** Always, also after a failure or a signal (rule 8). */
const removeTemporaries = async (
  temporaries: readonly ChangeBase[],
  { kindOf, end }: Pick<World, "kindOf" | "end">,
): Promise<UserError | undefined> => {
  const results = await Promise.allSettled(temporaries.map(end));
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return undefined;
  const names = temporaries.map((change) => kindOf(change).subject(change)).join(", ");
  return new UserError({
    id: "run.left-behind",
    what: `${names} could not be removed: ${messageOf(failed.reason).replace(/\.$/, "")}`,
    remedy: "The next run removes it.",
    kind: "failed",
  });
};
