import { changesOf } from "../../core/change.ts";
import { whatIsDone } from "../../core/what-is-done.ts";
import { count, elapsed } from "../reporter/look.ts";
import type { Recording } from "./recording.ts";
import { planOf, type StepView } from "./steps.ts";

export interface Outcome {
  readonly kind: "done" | "failed" | "interrupted" | "nothing";
  /** `Done`, for the title and the first heading. */
  readonly word: string;
  /** One sentence. */
  readonly sentence: string;
}

/** Says how the run ended, whether or not it came to a report. */
export const outcomeOf = (recording: Recording, steps: readonly StepView[]): Outcome => {
  const { report, problem, seconds } = recording;
  const done = steps.filter(({ status }) => status === "done").length;
  const progress =
    steps.length > 0 ? `${done} of ${count(steps.length, "step")} done; ${whatIsDone(report ?? {})}` : "";
  if (report?.outcome === "done")
    return { kind: "done", word: "Done", sentence: `${count(steps.length, "step")} in ${elapsed(report.seconds)}.` };
  const interrupted = report ? report.outcome === "interrupted" : (problem?.exitCode ?? 0) > 128;
  if (report || problem) {
    const word = interrupted ? "Interrupted" : "Failed";
    // As the steps count, where there are any: what came before is no part of them.
    const ran = Math.max(...steps.map((step) => step.startedAt + step.seconds));
    const after = `After ${elapsed(report?.seconds ?? (steps.length > 0 ? ran : seconds))}`;
    return {
      kind: interrupted ? "interrupted" : "failed",
      word,
      sentence: `${after}: ${progress || "no step was begun, nothing was changed"}.`,
    };
  }
  const plan = planOf(recording);
  const nothing = plan !== undefined && changesOf(plan).length === 0;
  const sentence = !nothing
    ? "Nothing was changed: the plan was not agreed to."
    : plan.goal === "present"
      ? "Everything is as it should be."
      : "There is nothing to remove.";
  return { kind: "nothing", word: nothing ? "Nothing to do" : "Nothing was done", sentence };
};
