import type { Emit } from "../../core/event.ts";
import type { Report } from "../../core/run.ts";
import { visibleData } from "../../ports/visible.ts";
import type { Problem } from "../fatal.ts";
import type { Look } from "./look.ts";
import type { Next } from "./report.ts";

/** Receives everything that a command says. A reporter redacts it before it writes. */
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
  /** Set when a live region shows what goes on, so that steps that start, waits and downloads get no line. */
  readonly live?: true;
}

/** Makes all texts visible and single lines before the reporter gets them, so that no reporter can forget it. */
export const legibly = ({ emit, report, problem }: Reporter): Reporter => ({
  emit: (event) => emit(visibleData(event)),
  report: (result, next) => report(visibleData(result), visibleData(next)),
  problem: (bad) => problem(visibleData(bad)),
});

/** Tells two reporters everything, such as JSON on stdout and progress for people on stderr. */
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
