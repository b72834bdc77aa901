import { isDeepStrictEqual } from "node:util";

/** Sequences of conditions, as recorded from real controllers and as the world writes them. */

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly severity?: string;
}

/** What an object said at one moment, by type. */
export type State = ReadonlyMap<string, Condition>;

/** Pods have random names, and a Deployment's hash is this implementation's own. */
const normal = (text: string): string => text.replaceAll(/-deployment-[a-z0-9]+-[a-z0-9]{5}\b/g, "-deployment-POD");

const stateOf = (conditions: readonly Condition[]): State =>
  new Map(
    conditions.map(({ type, status, reason, message, severity }) => [
      type,
      {
        type,
        status,
        ...(reason ? { reason } : {}),
        ...(message ? { message: normal(message) } : {}),
        ...(severity ? { severity } : {}),
      },
    ]),
  );

/** In order, each distinct from the one before. */
export const sequenceOf = (states: readonly (readonly Condition[])[]): readonly State[] =>
  states.map(stateOf).filter((state, index, all) => index === 0 || !isDeepStrictEqual(state, all[index - 1]));

/** A state that only one side has. */
export interface Lone {
  readonly side: "recorded" | "rehearsed";
  readonly state: State;
  /** The last state that both have, and the next one. */
  readonly before: State | undefined;
  readonly after: State | undefined;
}

/** Matches the two in order, as many states as possible; what is left on either side is alone. */
export const align = (
  recorded: readonly State[],
  rehearsed: readonly State[],
): { readonly matched: readonly State[]; readonly alone: readonly Lone[] } => {
  const same = (r: number, w: number): boolean => isDeepStrictEqual(recorded[r], rehearsed[w]);
  // The length of the longest common sequence of what follows.
  const rest: number[][] = Array.from({ length: recorded.length + 1 }, () => Array(rehearsed.length + 1).fill(0));
  const restAt = (r: number, w: number): number => rest[r]?.[w] ?? 0;
  for (let r = recorded.length - 1; r >= 0; r--)
    for (let w = rehearsed.length - 1; w >= 0; w--) {
      const row = rest[r] as number[];
      row[w] = same(r, w) ? restAt(r + 1, w + 1) + 1 : Math.max(restAt(r + 1, w), restAt(r, w + 1));
    }
  const matched: State[] = [];
  const pending: { side: Lone["side"]; state: State; at: number }[] = [];
  let [r, w] = [0, 0];
  while (r < recorded.length || w < rehearsed.length) {
    const [one, other] = [recorded[r], rehearsed[w]];
    if (one && other && same(r, w)) {
      matched.push(one);
      r++;
      w++;
    } else if (one && (!other || restAt(r + 1, w) >= restAt(r, w + 1))) {
      pending.push({ side: "recorded", state: one, at: matched.length });
      r++;
    } else if (other) {
      pending.push({ side: "rehearsed", state: other, at: matched.length });
      w++;
    }
  }
  const alone = pending.map(({ side, state, at }) => ({
    side,
    state,
    before: matched[at - 1],
    after: matched[at],
  }));
  return { matched, alone };
};

/** Every condition is as it was in the state before or will be in the next: two writers, seen in another order. */
export const isBetween = ({ state, before, after }: Lone): boolean =>
  [...new Set([...state.keys(), ...(before?.keys() ?? []), ...(after?.keys() ?? [])])].every((type) =>
    [before, after].some((other) => other !== undefined && isDeepStrictEqual(state.get(type), other.get(type))),
  );

/** For the eye: one line for each condition. */
export const show = (state: State | undefined): string =>
  state === undefined
    ? "    (nothing)"
    : [...state.values()]
        .map(({ type, status, reason = "", message = "" }) => `    ${type} ${status} ${reason} ${message}`.trimEnd())
        .join("\n");
