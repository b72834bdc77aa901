import { subjectOf } from "../../changes/index.ts";
import type { Event } from "../../core/event.ts";
import { redact } from "../../secrets/redact.ts";
import { problemText } from "../fatal.ts";
import { askedOf } from "./asked.ts";
import { advice, commandLines, count, elapsed, entry, size } from "./look.ts";
import { planText } from "./plan.ts";
import { reportText } from "./report.ts";
import type { Reporter, ReporterOptions } from "./reporter.ts";
import { summaryOf } from "./summary.ts";
import { createTally } from "./tally.ts";
import { targetText } from "./target.ts";

const MARKS = { warn: ["!", "yellow"], fail: ["✗", "red"], unknown: ["?", "yellow"] } as const;

const isBad = (status: string): status is keyof typeof MARKS => Object.hasOwn(MARKS, status);

/** Events that `--quiet` still shows: the result, bad news, and which cluster it is about. */
const isLoud = (event: Event): boolean =>
  event.type === "plan" ||
  event.type === "target" ||
  event.type === "step-failed" ||
  (event.type === "note" && event.level === "warning") ||
  (event.type === "check" && isBad(event.status));

/** Prints the progress for people, line by line. With `results: false` another reporter prints the plan and the report. */
export const plainReporter = (options: ReporterOptions & { readonly results: boolean }): Reporter => {
  const { look, quiet, verbose, results, live = false } = options;
  /** Keys of what was said already, such as reasons to wait and files, so that it is not said again. */
  const said = new Set<string>();
  /** Steps that got a line when they started, so that they get one when they end. */
  const announced = new Set<string>();
  const tally = createTally();

  const once = (key: string, lines: readonly string[]): readonly string[] => {
    if (said.has(key)) return [];
    said.add(key);
    return lines;
  };

  const linesOf = (event: Event): readonly string[] => {
    switch (event.type) {
      case "target":
        return entry(look, 0, "", `Cluster ${event.context} at ${targetText(event)}`);
      case "note":
        return event.level === "warning" ? entry(look, 0, "!", event.text, "yellow") : entry(look, 0, "", event.text);
      case "check":
        return checkLines(event);
      case "plan":
        if (results) options.stdout(planText(event.plan, look, verbose));
        return [];
      case "download":
        if (live) return [];
        return once(
          event.file,
          entry(look, 0, "", `Downloading ${event.file}${event.total === undefined ? "" : ` (${size(event.total)})`}`),
        );
      case "step-started":
        if (event.changes === 0 && !verbose) return [];
        announced.add(event.step);
        if (live) return [];
        return entry(look, 0, "", `${event.title} (${count(event.changes, "change")})`, "dim");
      case "change-done":
        return verbose ? entry(look, 2, "", `${event.change.action} ${subjectOf(event.change)}`) : [];
      case "waiting":
        announced.add(event.step);
        return live ? [] : once(`${event.step} ${event.reason}`, waitingLines(event));
      case "person": {
        announced.add(event.step);
        const asked = askedOf(event);
        const lines = [...waitingLines(asked), ...commandLines(look, 6, asked.lines)];
        return once(`${event.step} ${asked.reason} ${asked.lines}`, lines);
      }
      case "step-done":
        return announced.has(event.step)
          ? entry(look, 0, "✓", `${event.title}, ${elapsed(event.seconds)}: ${summaryOf(event)}`, "green")
          : [];
      case "step-failed":
        return entry(look, 0, "✗", `${event.title} failed after ${elapsed(event.seconds)}: ${event.error}`, "red");
      case "step-skipped":
        return entry(look, 0, "–", `${event.title} skipped: ${event.reason}`, "dim");
    }
  };

  const waitingLines = ({ step, reason }: Event & { type: "waiting" }): readonly string[] =>
    entry(look, 2, "…", `${step}: ${reason}`, "dim");

  const checkLines = (event: Event & { type: "check" }): readonly string[] => {
    const { id, status, title, summary } = event;
    const remedy = "remedy" in event ? event.remedy : undefined;
    if (!isBad(status)) return verbose ? entry(look, 0, "✓", `${title}: ${summary}`, "green") : [];
    // A title says what is true when all is well, so bad news is shown without it. --skip-checks takes the id.
    const [mark, colour] = MARKS[status];
    return [...entry(look, 0, mark, `${summary} (${id})`, colour), ...(remedy ? advice(look, 2, remedy) : [])];
  };

  return {
    emit: (event) => {
      tally.add(event);
      if (quiet && !isLoud(event)) return;
      const lines = linesOf(redact(event));
      if (lines.length > 0) options.stderr(`${lines.join("\n")}\n`);
    },
    report: (report, next) => {
      if (results)
        options.stdout(`\n${reportText(redact(report), redact(next), look, { verbose, made: tally.text() })}`);
    },
    problem: (problem) => options.stderr(problemText(redact(problem), look)),
  };
};
