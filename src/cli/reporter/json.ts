import { byKind } from "../../changes/index.ts";
import type { Plan } from "../../core/change.ts";
import type { Event } from "../../core/event.ts";
import type { Report } from "../../core/run.ts";
import { refOf } from "../../ports/object.ts";
import { redact } from "../../secrets/redact.ts";
import type { Reporter } from "./reporter.ts";

/**
 * For programs: one event per line on stdout. Fields are added over time, never renamed or removed. Changes say what they are
 * about and what differs; the objects themselves are what `render` is for.
 */
export const jsonReporter = (stdout: (text: string) => void): Reporter => {
  const line = (value: object): void => stdout(`${JSON.stringify(value)}\n`);
  return {
    emit: (event) => line(eventJson(redact(event))),
    report: (report, next) => line({ ...reportJson(redact(report)), next: redact(next) }),
    problem: (problem) => line({ type: "error", ...redact(problem) }),
  };
};

const eventJson = (event: Event): object => {
  switch (event.type) {
    case "plan":
      return { type: "plan", ...planJson(event.plan) };
    case "change-done":
      return { ...event, change: changeJson(event.change) };
    case "step-done":
    case "step-failed":
      return { ...event, seconds: round(event.seconds) };
    default:
      return event;
  }
};

const planJson = ({ goal, choices = [], steps }: Plan): object => ({
  goal,
  choices,
  changes: steps.reduce((sum, step) => sum + step.changes.length, 0),
  steps: steps.map(({ step, title, changes, notes }) => ({ step, title, changes: changes.map(changeJson), notes })),
});

/** Redaction must have happened: it needs the object to know that a difference is about a Secret. */
const changeJson = byKind<[], object>(
  { object: ({ object, uid: _uid, ...change }) => ({ ...change, object: refOf(object) }) },
  (change) => change,
);

const reportJson = ({ outcome, seconds, steps }: Report): object => ({
  type: "report",
  outcome,
  seconds: round(seconds),
  steps: steps.map((step) => ({ ...step, startedAt: round(step.startedAt), seconds: round(step.seconds) })),
});

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
