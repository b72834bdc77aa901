import { setTimeout as sleep } from "node:timers/promises";
import { outage, type Waiting } from "../ports/outage.ts";
import type { OnReason } from "./wait.ts";

/** Between two tries, in milliseconds: at first, and at most where pauses grow. */
export const PAUSE_MS = { first: 250, most: 2_000 };

/** For what is only looked at: how long something may be out of order before the command ends, in milliseconds. */
export const LOOK_MS = 15_000;

export interface Patience {
  /** What an error means. Default: {@link outage}, and everything else is final. */
  readonly meaning?: (error: unknown) => Promise<Waiting | { readonly final: unknown }>;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly remaining: () => number;
  readonly onReason: OnReason;
  /** What is thrown when time is up. Default: the last error. */
  readonly late?: (meaning: Waiting, error: unknown) => unknown;
}

/** Does something; what may pass by itself (a webhook that is still starting) is tried again until time runs out. */
export const patiently = async <T>(work: () => Promise<T>, patience: Patience): Promise<T> => {
  const { signal, remaining, onReason, late = (_meaning, error) => error } = patience;
  const { meaning = async (error) => outage(error) ?? { final: error } } = patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const meant = await meaning(error);
      if ("final" in meant) throw meant.final;
      if (remaining() <= 0) throw late(meant, error);
      onReason(meant.wait, meant.remedy);
      await sleep(pauseFor(meant, remaining()), undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }
};

/** Not before a service wants to be asked, nor later than time lasts. */
const pauseFor = ({ notBefore }: Waiting, rest: number): number =>
  Math.min(Math.max(PAUSE_MS.first, (notBefore?.getTime() ?? 0) - Date.now()), Math.max(rest, PAUSE_MS.first));

/** The time that is left, in milliseconds, of so many from now. */
export const within = (ms: number): (() => number) => {
  const end = performance.now() + ms;
  return () => Math.max(0, end - performance.now());
};
