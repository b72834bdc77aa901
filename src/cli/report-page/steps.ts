import type { Plan } from "../../core/change.ts";
import type { StepReport } from "../../core/run.ts";
import type { Remedy } from "../../ports/error.ts";
import { eventsOf, type Recording } from "./recording.ts";

/** Seconds since the first step began. */
export interface Wait {
  readonly from: number;
  readonly until: number;
  readonly check: string;
  readonly reason: string;
  /** What can be done about it. Absent when the step got past it. */
  readonly remedy?: Remedy;
}

export interface StepView extends StepReport {
  readonly waits: readonly Wait[];
}

/** The last plan that was shown, which is the one that was agreed to. */
export const planOf = (recording: Recording): Plan | undefined => eventsOf(recording, "plan").at(-1)?.event.plan;

/** How the steps went, with what each waited for. Empty: none was begun. */
export const stepsOf = (recording: Recording): readonly StepView[] => {
  const [first] = eventsOf(recording, "step-started");
  if (!first) return [];
  const reported = recording.report?.steps;
  // Events are told by the page's clock, steps by the engine's: the first start is where both meet.
  const origin = first.at - (reported?.find(({ id }) => id === first.event.step)?.startedAt ?? 0);
  const steps = reported ?? pieced(recording, origin);
  return steps.map((step) => ({ ...step, waits: waitsOf(recording, step, origin) }));
};

/** Pieces the reports of the steps together from events, for a run that did not come to its report. */
const pieced = (recording: Recording, origin: number): readonly StepReport[] => {
  const titles = (planOf(recording)?.steps ?? []).map(({ step, title }) => ({ id: step, title }));
  const started = eventsOf(recording, "step-started");
  const named = new Set(titles.map(({ id }) => id));
  const others = started.flatMap(({ event }) =>
    named.has(event.step) ? [] : [{ id: event.step, title: event.title }],
  );
  return [...titles, ...others].map(({ id, title }) => {
    const start = started.find(({ event }) => event.step === id);
    const done = eventsOf(recording, "step-done").find(({ event }) => event.step === id);
    const failed = eventsOf(recording, "step-failed").find(({ event }) => event.step === id);
    const startedAt = (start?.at ?? recording.seconds) - origin;
    return {
      id,
      title,
      status: done ? "done" : failed ? "failed" : start ? "stopped" : "not started",
      startedAt,
      seconds: done?.event.seconds ?? failed?.event.seconds ?? (start ? recording.seconds - origin - startedAt : 0),
      changes: eventsOf(recording, "change-done").flatMap(({ event }) => (event.step === id ? [event.change] : [])),
      findings: done?.event.findings ?? [],
      ...(failed ? { error: failed.event.error } : {}),
    };
  });
};

const waitsOf = (recording: Recording, step: StepReport, origin: number): readonly Wait[] => {
  const end = step.startedAt + step.seconds;
  const own = eventsOf(recording, "waiting").filter(({ event }) => event.step === step.id);
  return own.map(({ at, event }, index) => {
    const from = Math.min(at - origin, end);
    const last = index === own.length - 1;
    const { check, reason, remedy } = event;
    return {
      from,
      until: Math.max(from, last ? end : Math.min((own[index + 1]?.at ?? 0) - origin, end)),
      check,
      reason,
      ...(last && remedy && step.status !== "done" ? { remedy } : {}),
    };
  });
};
