import { type Ask, keyOfQuestion } from "./questions.ts";

interface Refused {
  readonly key: string;
  readonly refuse: () => void;
}

/**
 * Refusals are handed on when no other question is under way, in the order of their questions' keys. Of several at once a check meets
 * the same one first, however fast each of them came: the same findings live, in the next look, and from a recording.
 */
export const refusalsLast = (ask: Ask): Ask => {
  let underWay = 0;
  let refused: readonly Refused[] = [];
  const release = (): void => {
    if (underWay > 0) return;
    const all = refused.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    refused = [];
    for (const { refuse } of all) refuse();
  };
  // What asks further because of an answer has done so by the next turn.
  const settled = (): void => {
    underWay -= 1;
    setImmediate(release);
  };
  return ((asked, of, signal) => {
    underWay += 1;
    return new Promise((resolve, reject) => {
      ask(asked, of, signal).then(
        (answer) => {
          resolve(answer);
          settled();
        },
        (error: unknown) => {
          refused = [...refused, { key: keyOfQuestion(asked, of), refuse: () => reject(error) }];
          settled();
        },
      );
    });
  }) as Ask;
};
