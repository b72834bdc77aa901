import type { Emit } from "../../core/event.ts";
import type { Report } from "../../core/run.ts";
import { visibleData } from "../../ports/visible.ts";
import type { Problem } from "../fatal.ts";
import type { Look } from "./look.ts";
import type { Next } from "./report.ts";

/** Where the engine's words go. Everything has passed through redaction when it leaves here. */
export interface Reporter {
  readonly emit: Emit;
  /** The end of a run. */
  readonly report: (report: Report, next: Next) => void;
  readonly problem: (problem: Problem) => void;
}

export interface ReporterOptions {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly look: Look;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Something else shows what is going on at the moment: steps that start, waits, downloads. */
  readonly live?: true;
}

/** Whatever comes from outside is visible and on one line when it gets to a reporter, so that none can forget it. */
export const legibly = ({ emit, report, problem }: Reporter): Reporter => ({
  emit: (event) => emit(visibleData(event)),
  report: (result, next) => report(visibleData(result), visibleData(next)),
  problem: (bad) => problem(visibleData(bad)),
});

/** Several at once: JSON for programs on stdout, progress for people on stderr. */
export const both = (first: Reporter, second: Reporter): Reporter => ({
  emit: (event) => {
    first.emit(event);
    second.emit(event);
  },
  report: (report, next) => {
    first.report(report, next);
    second.report(report, next);
  },
  problem: (problem) => {
    first.problem(problem);
    second.problem(problem);
  },
});
