import { longestChain } from "../../core/critical-path.ts";
import type { Report, StepReport } from "../../core/run.ts";
import { whatIsDone } from "../../core/what-is-done.ts";
import type { Remedy } from "../../ports/error.ts";
import { cells, padded } from "./cells.ts";
import { advice, count, cut, elapsed, entry, heading, type Look, legible, paint } from "./look.ts";

/** What can be done next: the last lines on the screen. */
export type Next = readonly Remedy[];

const MARKS = {
  done: ["✓", "green"],
  failed: ["✗", "red"],
  stopped: ["–", "yellow"],
  "not started": ["·", "dim"],
} as const;
const TITLE = { done: "Done", failed: "Failed", interrupted: "Interrupted" } as const;

/** A step that changed nothing gets a line only if it took at least this long. */
const WORTH_SECONDS = 0.5;

/** With this many columns or more, steps are numbered, and each says after which one it came. */
const NUMBERED_FROM = 64;

export interface ReportOptions {
  readonly verbose?: boolean;
  /** What was made, in sentences. */
  readonly made?: string;
}

/** Says how the run went: a line for each step, on one time axis, and what to do next. */
export const reportText = (report: Report, next: Next, look: Look, options: ReportOptions = {}): string => {
  const { verbose = false, made = "" } = options;
  const steps = report.steps.filter((step) => verbose || isWorthALine(step));
  const quiet = report.steps.length - steps.length;
  const done = report.steps.filter((step) => step.status === "done").length;
  const progress =
    report.outcome === "done" ? "" : `: ${done} of ${count(report.steps.length, "step")} done, ${whatIsDone(report)}`;
  const lines = [
    ...heading(look, `${TITLE[report.outcome]} after ${elapsed(report.seconds)}${progress}.`),
    ...(made === "" ? [] : entry(look, 0, "", made)),
    ...timeline(steps, report, look),
    ...(quiet > 0 ? entry(look, 2, " ", `${count(quiet, "step")} had nothing to do`) : []),
  ];
  const after =
    next.length > 0 ? ["", ...heading(look, "Next"), ...next.flatMap((remedy) => advice(look, 2, remedy))] : [];
  return `${[...lines, ...after].join("\n")}\n`;
};

/** What would have had nothing to change is missed by nobody, too. */
const isWorthALine = ({ status, planned, changes, seconds }: StepReport): boolean => {
  if (status === "not started") return planned !== 0;
  return status !== "done" || changes.length > 0 || seconds >= WORTH_SECONDS;
};

const timeline = (steps: readonly StepReport[], report: Report, look: Look): readonly string[] => {
  const linked = steps.some(({ needs }) => needs !== undefined);
  const numbered = linked && look.columns >= NUMBERED_FROM;
  const numbers = new Map(steps.map(({ id }, index) => [id, index + 1]));
  const chain = longestChain(report.steps);
  const after = steps.map((step) => {
    const number = numbered ? numbers.get(waitedFor(step, report.steps, numbers) ?? "") : undefined;
    return number === undefined ? "" : `after ${number}`;
  });
  const times = steps.map((step) => (step.status === "not started" ? "not started" : elapsed(step.seconds)));
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(cells));
  const numberWidth = numbered ? String(steps.length).length + 1 : 0;
  const timeWidth = widest(times);
  const afterWidth = widest(after);
  const space = look.columns - 4 - numberWidth - timeWidth - 4 - (afterWidth > 0 ? afterWidth + 2 : 0);
  const barWidth = Math.max(8, Math.min(40, Math.floor(space / 3)));
  const titleWidth = Math.min(widest(steps.map(({ title }) => legible(title, look))), space - barWidth);
  const rows = steps.flatMap((step, index) => {
    const [mark, colour] = MARKS[step.status];
    const number = numbered ? `${String(index + 1).padStart(numberWidth - 1)} ` : "";
    const title = padded(cut(legible(step.title, look), titleWidth, look), titleWidth);
    const drawn = bar(step, report.seconds, barWidth, { look, critical: !linked || chain.has(step.id) });
    const gap = " ".repeat(after[index] ? barWidth - cells(drawn) + 2 : 0);
    const time = (times[index] ?? "").padStart(timeWidth);
    const line = `${number}${title}  ${time}  ${drawn}${gap}${paint("dim", after[index] ?? "", look)}`.trimEnd();
    const reason = step.status === "failed" ? entry(look, 4, "", step.error ?? "") : [];
    return [`  ${paint(colour, legible(mark, look), look)} ${line}`, ...reason];
  });
  const critical = steps.filter(({ id, seconds }) => chain.has(id) && seconds > 0);
  const names = numbered ? `: ${critical.map(({ id }) => numbers.get(id)).join(", ")}` : "";
  const legend =
    critical.length > 0 && critical.length < steps.length
      ? entry(look, 2, " ", `${legible("█", look)} the chain that took longest${names}`)
      : [];
  return [...rows, ...legend];
};

/** The shown step that this one waited for last. A step that is not shown is passed over: the one that it waited for counts. */
const waitedFor = (
  step: StepReport,
  all: readonly StepReport[],
  shown: ReadonlyMap<string, number>,
): string | undefined => {
  if (step.status === "not started") return undefined;
  const end = ({ startedAt, seconds }: StepReport): number => startedAt + seconds;
  const last = all
    .filter(({ id }) => step.needs?.includes(id))
    .reduce<StepReport | undefined>((best, one) => (best && end(best) >= end(one) ? best : one), undefined);
  return last === undefined || shown.has(last.id) ? last?.id : waitedFor(last, all, shown);
};

/** A bar that shows when in the run a step took its time. It has at least one cell, so that every step is seen. */
const bar = (
  step: StepReport,
  total: number,
  width: number,
  { look, critical }: { readonly look: Look; readonly critical: boolean },
): string => {
  if (step.status === "not started" || total <= 0) return "";
  const from = Math.min(width - 1, Math.floor((step.startedAt / total) * width));
  const length = Math.max(1, Math.min(width - from, Math.round((step.seconds / total) * width)));
  const block = legible(critical ? "█" : "░", look).repeat(length);
  return " ".repeat(from) + (critical ? block : paint("dim", block, look));
};
