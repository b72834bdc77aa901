import type { StepReport } from "./run.ts";

export interface Timed {
  readonly id: string;
  readonly needs: readonly string[];
  readonly seconds: number;
}

/** The chain of steps, each needing the one before, that takes longest: no order of the steps can be done sooner. */
export const criticalPath = (
  steps: readonly Timed[],
  /** The chain to this step; absent: to any. */
  end?: string,
): { readonly ids: readonly string[]; readonly seconds: number } => {
  const longest = new Map<string, { ids: readonly string[]; seconds: number }>();
  const to = (id: string): { ids: readonly string[]; seconds: number } => {
    const known = longest.get(id);
    if (known) return known;
    const step = steps.find((candidate) => candidate.id === id);
    const before = (step?.needs ?? [])
      .map(to)
      .reduce((best, path) => (path.seconds > best.seconds ? path : best), { ids: [], seconds: 0 });
    const path = step ? { ids: [...before.ids, id], seconds: before.seconds + step.seconds } : before;
    longest.set(id, path);
    return path;
  };
  const ends = end === undefined ? steps.map(({ id }) => id) : [end];
  return ends.map(to).reduce((best, path) => (path.seconds > best.seconds ? path : best));
};

type Ran = Pick<StepReport, "id" | "needs" | "seconds" | "startedAt" | "status">;

/**
 * The ids of the steps that made a run as long as it was: what failed ended it, so the chain leads there. Steps that never ran are not
 * of it. Empty where it is not known which step needs which.
 */
export const longestChain = (steps: readonly Ran[]): ReadonlySet<string> => {
  const ran = steps.filter(({ status }) => status !== "not started");
  if (!ran.some(({ needs }) => needs)) return new Set();
  const failed = ran
    .filter(({ status }) => status === "failed")
    .sort((a, b) => a.startedAt + a.seconds - (b.startedAt + b.seconds))
    .at(-1);
  return new Set(
    criticalPath(
      ran.map((step) => ({ ...step, needs: step.needs ?? [] })),
      failed?.id,
    ).ids,
  );
};
