import type { Lost } from "./exchange.ts";
import { codeOf, isPermanentCode } from "./unreachable.ts";

/** How long to keep trying, in milliseconds since the first failure. */
export interface Patience {
  /** Before the server has answered anything: an unreachable one is to be reported soon. */
  readonly firstContactMs: number;
  /** A server that has answered before is coming back. */
  readonly midRunMs: number;
}

interface Attempt {
  readonly outcome:
    | Lost
    | {
        readonly status: number;
        /** A success that does not hold what was asked for. */
        readonly broken: boolean;
        readonly retryAfterMs: number | undefined;
        readonly text: string;
      };
  /** Doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  /** Tries so far, at least 1. */
  readonly tries: number;
  readonly firstContact: boolean;
  readonly random: () => number;
}

/** A 500 is mostly a defect that stays; etcd's elections are the exception, and short. */
const MOST_TRIES_OF_500 = 5;
const MOST_TRIES_OF_BROKEN = 5;
const PERMANENT_500 =
  /failed to create typed patch object|field not declared in schema|failed calling webhook|Invalid value|should not be set/;

/**
 * How many milliseconds to wait before the next try; undefined: never. 429 is repeated always, since nothing was done; other
 * answers and broken connections only if the request is repeatable, or the server itself says when (Retry-After).
 * 500 of a webhook call goes up at once: the engine knows whether that webhook is still starting.
 */
export const retryDelay = ({ outcome, repeatable, tries, firstContact, random }: Attempt): number | undefined => {
  const backoff = random() * Math.min(10_000, 200 * 2 ** (tries - 1));
  if ("error" in outcome) {
    const code = codeOf(outcome.error);
    if (isPermanentCode(code) || (outcome.sent && !repeatable)) return undefined;
    if (code === "ENOTFOUND" && firstContact) return undefined;
    return outcome.reused && tries === 1 ? 0 : backoff;
  }
  const { status, broken, retryAfterMs, text } = outcome;
  // At the first contact the address is most likely not that of an API server.
  if (broken) return repeatable && !firstContact && tries < MOST_TRIES_OF_BROKEN ? backoff : undefined;
  // A Retry-After in the past allows another try, but does not say how many.
  const told = retryAfterMs === undefined ? undefined : (retryAfterMs || backoff) + random() * 200;
  if (status === 429) return told ?? backoff;
  if (status === 503 || status === 504 || status === 502) return told ?? (repeatable ? backoff : undefined);
  if (status === 500 && repeatable && tries < MOST_TRIES_OF_500 && !PERMANENT_500.test(text)) return told ?? backoff;
  return undefined;
};
