/** Edits (insert, delete, replace, swap of neighbours) between two words, up to `limit` + 1. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      rows[i]?.push(Math.min(replaced, cell(i - 1, j) + 1, cell(i, j - 1) + 1, swapped));
    }
  }
  return cell(a.length, b.length);
};

/** Case and separators are how people differ; letters are how they err. */
const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/** What somebody meant who wrote `word`: the nearest candidate, if it is near enough to be one. */
export const similar = (word: string, candidates: readonly string[]): string | undefined => {
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.min(3, plain(candidate).length * 0.4)));
    const edits = distance(plain(word), plain(candidate), limit);
    if (edits <= limit && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits };
  }
  return best?.candidate;
};

/** `Did you mean --domain?`, or what can be done when nothing is near. */
export const didYouMean = (word: string, candidates: readonly string[], otherwise: string): string => {
  const candidate = similar(word, candidates);
  return candidate === undefined ? otherwise : `Did you mean ${candidate}?`;
};
