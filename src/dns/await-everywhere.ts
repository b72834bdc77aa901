import { setTimeout as sleep } from "node:timers/promises";
import { type Finding, ok, seenIn } from "../core/check.ts";
import type { Resolver } from "../ports/dns.ts";
import { type Remedy, TimeUp, UserError } from "../ports/error.ts";
import { type EverywhereOptions, type Expectation, everywhere, rememberServers } from "./propagation.ts";

/** Records of one zone. */
export interface Published {
  readonly zone: string;
  readonly expectations: readonly Expectation[];
}

/** Looks at all zones at once and gives the first finding that is not `ok`. */
const together = async (
  resolver: Resolver,
  published: readonly Published[],
  options: EverywhereOptions,
): Promise<Finding> => {
  const findings = await Promise.all(
    published.map(({ zone, expectations }) => everywhere(resolver, zone, expectations, options)),
  );
  return findings.find(({ status }) => status !== "ok") ?? ok(findings.map(({ summary }) => summary).join("; "));
};

export interface AwaitOptions {
  readonly signal: AbortSignal;
  /** From here on it is a failure. Default 300 000. */
  readonly timeoutMs?: number;
  /** Between two looks at first; doubled each time up to 2 s. Default 100. */
  readonly pauseMs?: number;
  /** After this time of a look it is told who has not answered yet. Default 1000. */
  readonly slowMs?: number;
  /** How long a look may take that begins when time is nearly up. Default 2000. */
  readonly lastLookMs?: number;
  /** Told each new reason. */
  readonly onReason?: (reason: string, remedy: Remedy) => void;
}

/**
 * Waits until {@link everywhere} holds for each zone, looking often at first: a provider that is done has usually brought it everywhere. Resolves to the
 * last summary. Rejects with UserError `dns.propagation` (exit code 1) that says which server answered what when time ran out.
 */
export const awaitEverywhere = async (
  resolver: Resolver,
  published: readonly Published[],
  { signal, timeoutMs = 300_000, pauseMs = 100, slowMs = 1_000, lastLookMs = 2_000, onReason }: AwaitOptions,
): Promise<string> => {
  const serversOf = rememberServers(resolver);
  const started = performance.now();
  const rest = (): number => timeoutMs - (performance.now() - started);
  let reason = "";
  const tell = (now: string, remedy: Remedy): void => {
    if (now !== reason) onReason?.(now, remedy);
    reason = now;
  };
  for (let pause = pauseMs; ; pause = Math.min(2 * pause, 2_000)) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new TimeUp()), Math.max(rest(), lastLookMs));
    const look = AbortSignal.any([signal, late.signal]);
    // The finding of an earlier look says more than which servers are slow in this one.
    const onSlow = reason === "" ? tell : undefined;
    const finding = await together(resolver, published, { serversOf, signal: look, onSlow, slowMs }).finally(() =>
      clearTimeout(timer),
    );
    signal.throwIfAborted();
    if (!("remedy" in finding)) return finding.summary;
    const left = rest();
    if (left <= 0)
      throw new UserError({
        id: "dns.propagation",
        what: `The records are not everywhere after ${Math.round(timeoutMs / 1000)} s: ${finding.summary}.`,
        remedy: finding.remedy,
        kind: "failed",
        seen: seenIn(finding),
      });
    tell(finding.summary, finding.remedy);
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
};
