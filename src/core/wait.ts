import { setTimeout as sleep } from "node:timers/promises";
import { type Remedy, TimeUp } from "../ports/error.ts";
import type { Seen } from "../ports/facts.ts";
import { unanswered } from "../ports/outage.ts";
import { type Check, type Finding, type Memory, type ReadContext, seenIn } from "./check.ts";

/** Is called with each new reason to wait, with what can be done about it, and with what was seen. */
export type OnReason = (reason: string, remedy: Remedy, seen?: Seen) => void;

/** Is called while something is watched. */
export interface Listener {
  /** What is watched has changed since it was last read. */
  readonly onNews: () => void;
  /** The account may read it but not watch it. */
  readonly onRefused: () => void;
}

/** What one run of a check reads with. */
export interface Reading extends Pick<ReadContext, "cluster" | "unwatched"> {
  /** Watches from now on everything that was read with it. */
  readonly follow: () => Promise<void>;
}

/** Watches for a wait what its check has read. */
export type Watch = (
  ctx: ReadContext,
  listener: Listener,
) => {
  /** For the next run of the check. `isDoubted`: the watches are not believed, the server is asked. */
  readonly read: (isDoubted: boolean) => Reading;
  readonly end: () => void;
};

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly onReason: OnReason;
  readonly watch: Watch;
  /** After so many milliseconds without an event the server is asked directly: some proxies hold events back. Default 30 000. */
  readonly silentMs?: number;
  /** The least time that a run of the check gets, in milliseconds, also when the wait is nearly over. Default 2000. */
  readonly lastLookMs?: number;
}

/** How often a check runs again without an event, in milliseconds: it may look at things that cannot be watched, such as a gateway. */
const POLL_MS = { watched: 5_000, unwatched: 1_000, probed: 250 };

/**
 * Runs a check once. What it could not read is `unknown`. A UserError that it throws is final, with its own exit code; anything else is
 * a bug. Both go on up.
 */
export const runCheck = async <C extends ReadContext>(
  check: Check<C>,
  ctx: C,
  memory: Memory = new Map(),
): Promise<Finding> => {
  try {
    return await check.run(ctx, memory);
  } catch (error) {
    const open = unanswered(error);
    if (!open) throw error;
    return { status: "unknown", summary: open.wait, remedy: open.remedy };
  }
};

/**
 * Waits until a check holds. The check reads from the server once; from then on watches keep what it has read, and it runs again on each
 * event. Returns its last finding: ok, a permanent failure, or the one that stood when time ran out. A timeout is a failure that names its
 * cause (house rule 12).
 */
export const waitFor = async (check: Check, ctx: ReadContext, options: WaitOptions): Promise<Finding> => {
  const started = performance.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const { silentMs = 30_000, lastLookMs = 2_000 } = options;
  const rest = (): number => options.timeoutMs - (performance.now() - started);
  let last = unseen(check);
  const memory: Memory = new Map();
  let poll = check.pollMs ?? POLL_MS.watched;
  let heard = started;
  let silence = silentMs;
  let wake = (): void => {};
  const watching = options.watch(ctx, {
    onNews: () => {
      heard = performance.now();
      wake();
    },
    onRefused: () => {
      poll = Math.min(poll, POLL_MS.unwatched);
      wake();
    },
  });

  let reason = "";
  const tell: OnReason = (now, remedy, seen) => {
    if (now === reason) return;
    reason = now;
    options.onReason(now, remedy, seen);
  };
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const isSilent = performance.now() - heard > silence;
      if (isSilent) heard = performance.now();
      const { follow, ...reads } = watching.read(isSilent);
      const finding = await inTime(Math.max(rest(), lastLookMs), last, (late) =>
        runCheck(
          check,
          {
            ...ctx,
            ...reads,
            signal: AbortSignal.any([signal, late]),
            // An earlier finding says more than that.
            onSlow: (slow, remedy) => (reason === "" ? tell(slow, remedy) : undefined),
            probe: (request) => {
              poll = POLL_MS.probed;
              return ctx.probe(request);
            },
          },
          memory,
        ),
      );
      ctx.signal.throwIfAborted();
      if (!("remedy" in finding) || finding.status === "warn" || finding.permanent) return finding;
      if (rest() < 0) return finding;
      // The watches missed a change, so from now on they are believed for a shorter time.
      if (isSilent && finding.summary !== last.summary) silence = Math.min(silence, POLL_MS.watched);
      last = finding;
      tell(finding.summary, finding.remedy, seenIn(finding));
      await follow();
      const pause = Math.max(1, Math.min(rest(), poll, silence));
      await Promise.race([woken, sleep(pause, undefined, { signal, ref: true }).catch(() => {})]);
      ctx.signal.throwIfAborted();
    }
  } finally {
    watching.end();
    stop.abort();
  }
};

/** The longest time that a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;

/** When time runs out during a run of the check, the finding of the run before counts. */
const inTime = async (ms: number, last: Finding, look: (late: AbortSignal) => Promise<Finding>): Promise<Finding> => {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new TimeUp()), Math.min(ms, LONGEST_MS));
  try {
    return await look(late.signal);
  } catch (error) {
    if (error instanceof TimeUp) return last;
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const unseen = ({ title }: Check): Finding => ({
  status: "unknown",
  summary: `no time was left to see whether: ${title}`,
  remedy: { text: "Run the command again; --timeout gives each step more time." },
});
