export interface Timed {
  readonly id: string;
  readonly needs: readonly string[];
  readonly seconds: number;
}

/** The chain of steps, each needing the one before, that takes longest: no order of the steps can be done sooner. */
export const criticalPath = (
  steps: readonly Timed[],
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
  return steps.map(({ id }) => to(id)).reduce((best, path) => (path.seconds > best.seconds ? path : best));
};
