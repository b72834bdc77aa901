import type { Check, Finding, ReadContext } from "../core/check.ts";
import { type WaitOptions, type Watch, waitFor } from "../core/wait.ts";
import type { ClusterRead, ListQuery } from "../ports/cluster.ts";
import { createFollowed, type Followed, idOf } from "./followed.ts";
import { lookAt } from "./look.ts";

/** How long a list of what is not followed serves, in milliseconds. */
const KEPT_MS = 5_000;

/** Follows by watches what a check reads. `shared`: what others follow who wait at the same time; absent: it follows alone. */
export const watching =
  (shared?: Followed): Watch =>
  (ctx, listener) => {
    const stop = new AbortController();
    const followed = shared ?? createFollowed(ctx.cluster, AbortSignal.any([ctx.signal, stop.signal]));
    const following = new Map<string, { readonly query: ListQuery; readonly end: () => void }>();
    const unwatched = { ...ctx.cluster, list: sparingly(ctx.cluster.list) };
    return {
      look: (isDoubted) => {
        const { cluster, reads } = lookAt(ctx.cluster, isDoubted ? undefined : followed);
        const follow = async (): Promise<void> => {
          for (const { query, seen } of await reads([...following.values()].map((one) => one.query)))
            if (!following.has(idOf(query)))
              following.set(idOf(query), { query, end: followed.follow(query, seen, listener) });
        };
        return { cluster, unwatched, follow };
      },
      end: () => {
        for (const { end } of following.values()) end();
        stop.abort();
      },
    };
  };

export interface UntilOptions extends Omit<WaitOptions, "watch"> {
  /** What others follow who wait at the same time. Absent: it follows alone. */
  readonly followed?: Followed;
}

/** Waits until a check holds, as {@link waitFor} does. */
export const until = (check: Check, ctx: ReadContext, { followed, ...options }: UntilOptions): Promise<Finding> =>
  waitFor(check, ctx, { ...options, watch: watching(followed) });

/** For what is too much to be followed: a list serves for a while. */
const sparingly = (list: ClusterRead["list"]): ClusterRead["list"] => {
  const kept = new Map<string, { readonly at: number; readonly answer: ReturnType<ClusterRead["list"]> }>();
  return (query) => {
    const id = idOf(query);
    const last = kept.get(id);
    if (last && performance.now() - last.at < KEPT_MS) return last.answer;
    const answer = list(query);
    kept.set(id, { at: performance.now(), answer });
    return answer;
  };
};
