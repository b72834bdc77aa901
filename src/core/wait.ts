import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type ClusterRead, type ListQuery } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import type { Check, Finding, ReadContext } from "./check.ts";
import { outage } from "./outage.ts";

/** Told each new reason to wait, and what can be done about it. */
export type OnReason = (reason: string, remedy: Remedy) => void;

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly onReason: OnReason;
}

/** How often a check runs again without an event: it may look at things that cannot be watched, such as a gateway. */
const POLL_MS = { watched: 5_000, unwatched: 1_000, probed: 250 };

/**
 * Runs a check once. What it could not read is `unknown`. A UserError that it throws is final, with its own exit code; anything else is
 * a bug. Both go on up.
 */
export const runCheck = async (check: Check, ctx: ReadContext): Promise<Finding> => {
  try {
    return await check.run(ctx);
  } catch (error) {
    const passing = outage(error);
    if (passing) return { status: "unknown", summary: passing.wait, remedy: passing.remedy };
    if (!(error instanceof ApiError)) throw error;
    return { status: "unknown", summary: error.message, remedy: { text: "Run the command again." } };
  }
};

/**
 * Waits until a check holds, woken by watches on exactly what the check read. Returns its last finding: ok, or the failure that
 * is permanent, or the one that stood when time ran out. A timeout is a failure that names its cause (house rule 12).
 */
export const until = async (check: Check, ctx: ReadContext, options: WaitOptions): Promise<Finding> => {
  const started = performance.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const watched = new Set<string>();
  let poll = check.pollMs ?? POLL_MS.watched;
  let wake = (): void => {};
  const reads: ListQuery[] = [];
  /** Within one look, a list is a list. */
  const lists = new Map<string, ReturnType<ClusterRead["list"]>>();
  const cluster: ClusterRead = {
    ...ctx.cluster,
    get: (ref) => {
      const { name, ...rest } = ref;
      reads.push({ ...rest, fieldSelector: `metadata.name=${name}` });
      return ctx.cluster.get(ref);
    },
    list: (query) => {
      reads.push(query);
      const id = JSON.stringify(query);
      const list = lists.get(id) ?? ctx.cluster.list(query);
      lists.set(id, list);
      return list;
    },
  };
  const tracked: ReadContext = {
    ...ctx,
    signal,
    cluster,
    unwatched: ctx.cluster,
    probe: (request) => {
      poll = POLL_MS.probed;
      return ctx.probe(request);
    },
  };
  const follow = async (query: ListQuery): Promise<void> => {
    let synced = false;
    try {
      for await (const event of ctx.cluster.watch(query, signal)) {
        synced ||= event.type === "SYNCED";
        if (synced) wake();
      }
    } catch {
      // Refused, as where only listing is allowed.
      poll = Math.min(poll, POLL_MS.unwatched);
    }
  };

  let reason = "";
  try {
    for (;;) {
      reads.length = 0;
      lists.clear();
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const finding = await runCheck(check, tracked);
      ctx.signal.throwIfAborted();
      if (!("remedy" in finding) || finding.status === "warn" || finding.permanent) return finding;
      if (performance.now() - started > options.timeoutMs) return finding;
      if (finding.summary !== reason) {
        reason = finding.summary;
        options.onReason(reason, finding.remedy);
      }
      for (const query of reads) {
        const id = JSON.stringify(query);
        if (watched.has(id)) continue;
        watched.add(id);
        void follow(query);
      }
      const rest = options.timeoutMs - (performance.now() - started);
      const pause = Math.max(1, Math.min(rest, poll));
      await Promise.race([woken, sleep(pause, undefined, { signal, ref: true }).catch(() => {})]);
      ctx.signal.throwIfAborted();
    }
  } finally {
    stop.abort();
  }
};
