import type { Report, StepReport } from "../../core/run.ts";
import type { Remedy } from "../../ports/error.ts";
import { advice, count, elapsed, entry, heading, type Look, legible, paint } from "./look.ts";

/** What can be done next, as the last lines on the screen. */
export type Next = readonly Remedy[];

const MARKS = {
  done: ["✓", "green"],
  failed: ["✗", "red"],
  stopped: ["–", "yellow"],
  "not started": ["·", "dim"],
} as const;
const TITLE = { done: "Done", failed: "Failed", interrupted: "Interrupted" } as const;

/** Shorter than this and with nothing changed, a step is not worth a line. */
const WORTH_SECONDS = 0.5;

/** How the run went: a line for each step, on one common time axis, and what to do next. */
export const reportText = (report: Report, next: Next, look: Look, verbose: boolean): string => {
  const steps = report.steps.filter(
    (step) => verbose || step.status !== "done" || step.changes > 0 || step.seconds >= WORTH_SECONDS,
  );
  const quiet = report.steps.length - steps.length;
  const done = report.steps.filter((step) => step.status === "done").length;
  const progress =
    report.outcome === "done" ? "" : `: ${done} of ${count(report.steps.length, "step")} done, what is done is kept`;
  const lines = [
    ...heading(look, `${TITLE[report.outcome]} after ${elapsed(report.seconds)}${progress}.`),
    ...timeline(steps, report.seconds, look),
    ...(quiet > 0 ? entry(look, 2, " ", `${count(quiet, "step")} had nothing to do`) : []),
  ];
  const after =
    next.length > 0 ? ["", ...heading(look, "Next"), ...next.flatMap((remedy) => advice(look, 2, remedy))] : [];
  return `${[...lines, ...after].join("\n")}\n`;
};

const timeline = (steps: readonly StepReport[], total: number, look: Look): readonly string[] => {
  const times = steps.map((step) => (step.status === "not started" ? "not started" : elapsed(step.seconds)));
  const timeWidth = Math.max(0, ...times.map((time) => time.length));
  const space = look.columns - 4 - timeWidth - 4;
  const barWidth = Math.max(8, Math.min(40, Math.floor(space / 3)));
  const titleWidth = Math.min(Math.max(0, ...steps.map((step) => step.title.length)), space - barWidth);
  return steps.flatMap((step, index) => {
    const [mark, colour] = MARKS[step.status];
    const title = cut(legible(step.title, look), titleWidth, look).padEnd(titleWidth);
    const line = `${title}  ${(times[index] ?? "").padStart(timeWidth)}  ${bar(step, total, barWidth, look)}`.trimEnd();
    const reason = step.status === "failed" ? entry(look, 4, "", step.summary) : [];
    return [`  ${paint(colour, legible(mark, look), look)} ${line}`, ...reason];
  });
};

/** Where in the whole run a step took its time; at least one cell, so that every step is seen. */
const bar = (step: StepReport, total: number, width: number, look: Look): string => {
  if (step.status === "not started" || total <= 0) return "";
  const from = Math.min(width - 1, Math.floor((step.startedAt / total) * width));
  const cells = Math.max(1, Math.min(width - from, Math.round((step.seconds / total) * width)));
  return " ".repeat(from) + paint("dim", legible("█", look).repeat(cells), look);
};

const cut = (text: string, width: number, look: Look): string => {
  const dots = legible("…", look);
  return text.length <= width ? text : text.slice(0, Math.max(0, width - dots.length)).trimEnd() + dots;
};
