import type { Check, Finding, ReadContext } from "../core/check.ts";
import { type WaitOptions, type Watch, waitFor } from "../core/wait.ts";
import type { ClusterRead, ListQuery } from "../ports/cluster.ts";
import { trackReads } from "./tracked-reads.ts";
import { createWatchCache, idOf, type WatchCache } from "./watch-cache.ts";

/** How long a list of what no watch keeps serves, in milliseconds. */
const KEPT_MS = 5_000;

/** Follows by watches what a check reads. `shared`: what others follow who wait at the same time; absent: it follows alone. */
export const watching =
  (shared?: WatchCache): Watch =>
  (ctx, listener) => {
    const stop = new AbortController();
    const cache = shared ?? createWatchCache(ctx.cluster, AbortSignal.any([ctx.signal, stop.signal]));
    const following = new Map<string, { readonly query: ListQuery; readonly end: () => void }>();
    const unwatched = { ...ctx.cluster, list: sparingly(ctx.cluster.list) };
    return {
      read: (isDoubted) => {
        const { cluster, reads } = trackReads(ctx.cluster, isDoubted ? undefined : cache);
        const follow = async (): Promise<void> => {
          for (const { query, seen } of await reads([...following.values()].map((one) => one.query)))
            if (!following.has(idOf(query)))
              following.set(idOf(query), { query, end: cache.follow(query, seen, listener) });
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
  readonly cache?: WatchCache;
}

/** Waits until a check holds, as {@link waitFor} does. */
export const until = (check: Check, ctx: ReadContext, { cache, ...options }: UntilOptions): Promise<Finding> =>
  waitFor(check, ctx, { ...options, watch: watching(cache) });

/** For what is too much to be watched: a list serves for a while. */
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
