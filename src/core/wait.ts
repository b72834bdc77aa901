import { setTimeout as sleep } from "node:timers/promises";
import { type Remedy, TimeUp } from "../ports/error.ts";
import { unanswered } from "../ports/outage.ts";
import type { Check, Finding, Memory, ReadContext } from "./check.ts";

/** Told each new reason to wait, and what can be done about it. */
export type OnReason = (reason: string, remedy: Remedy) => void;

/** Told while something is followed. */
export interface Listener {
  /** It has changed since it was last given. */
  readonly onNews: () => void;
  /** The account may read it but not watch it. */
  readonly onRefused: () => void;
}

/** What a check reads with when it runs once. */
export interface Look extends Pick<ReadContext, "cluster" | "unwatched"> {
  /** From now on, what was read with it is followed. */
  readonly follow: () => Promise<void>;
}

/** How a wait hears that something changes of what its check has read. */
export type Watch = (
  ctx: ReadContext,
  listener: Listener,
) => {
  /** `isDoubted`: past what the watches have told. */
  readonly look: (isDoubted: boolean) => Look;
  readonly end: () => void;
};

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly onReason: OnReason;
  readonly watch: Watch;
  /** How long a watch that tells nothing is believed, in milliseconds: there are proxies that keep it all back. Default 30 000. */
  readonly silentMs?: number;
  /** How long a look may take that begins when time is nearly up, in milliseconds. Default 2000. */
  readonly lastLookMs?: number;
}

/** How often a check runs again without an event: it may look at things that cannot be watched, such as a gateway. */
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
 * Waits until a check holds. What it reads is asked for once and followed from then on; each further look is at what the watches told.
 * Returns its last finding: ok, or the failure that is permanent, or the one that stood when time ran out. A timeout is a failure that
 * names its cause (house rule 12).
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
  const tell: OnReason = (now, remedy) => {
    if (now === reason) return;
    reason = now;
    options.onReason(now, remedy);
  };
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const isSilent = performance.now() - heard > silence;
      if (isSilent) heard = performance.now();
      const { follow, ...reads } = watching.look(isSilent);
      const finding = await inTime(Math.max(rest(), lastLookMs), last, (late) =>
        runCheck(
          check,
          {
            ...ctx,
            ...reads,
            signal: AbortSignal.any([signal, late]),
            // What an earlier look has said is more than that.
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
      // What it had not been told of: from now on it is not relied on.
      if (isSilent && finding.summary !== last.summary) silence = Math.min(silence, POLL_MS.watched);
      last = finding;
      tell(finding.summary, finding.remedy);
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

/** What a timer can take. */
const LONGEST_MS = 2 ** 31 - 1;

/** A look that is cut short says what the one before it said. */
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
