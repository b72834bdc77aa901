import { AuthorityError, AuthorityUnreachable } from "./authority.ts";
import { ApiError, Unreachable } from "./cluster.ts";
import { NoAnswer } from "./dns.ts";
import type { Remedy } from "./error.ts";
import { ZonesUnreachable } from "./zones.ts";

/** Why something cannot be done yet, and what helps. */
export interface Waiting {
  readonly wait: string;
  readonly remedy: Remedy;
  /** Trying earlier is of no use. */
  readonly notBefore?: Date | undefined;
}

const STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A CA that is too busy says so, and names a moment within this time; its limits last for longer. */
const BUSY_MS = 60_000;

/**
 * What an error says about a cluster, DNS provider, resolver or CA that only has to come back to itself: no answer, or one that asks to try again. Rule 7
 * calls none of it permanent. Undefined: it is another error.
 */
export const outage = (error: unknown): Waiting | undefined => {
  const remedy = { text: "See whether the cluster is well, and the way to it." };
  if (error instanceof Unreachable) return { wait: error.message, remedy };
  const other = { text: "See whether the service is well, and the way to it." };
  if (error instanceof ZonesUnreachable || error instanceof NoAnswer) return { wait: error.message, remedy: other };
  if (error instanceof AuthorityUnreachable)
    return error.isPassing
      ? { wait: `the CA at ${error.server} does not answer as it should: ${error.message}`, remedy: other }
      : undefined;
  if (error instanceof AuthorityError) {
    const { status, retryAfter: notBefore, detail } = error.problem;
    const isSoon = notBefore !== undefined && notBefore.getTime() - Date.now() < BUSY_MS;
    const isBusy = (status === 503 && notBefore === undefined) || ((status === 503 || status === 429) && isSoon);
    return isBusy ? { wait: `the CA has no time now: ${detail}`, remedy: other, notBefore } : undefined;
  }
  if (!(error instanceof ApiError) || !STATUSES.has(error.status)) return undefined;
  return { wait: `the cluster answers ${error.status}: ${error.message}`, remedy };
};

/** What an error leaves open about something that was only looked at. Undefined: it is a bug, or has words of its own. */
export const unanswered = (error: unknown): Waiting | undefined =>
  outage(error) ??
  (error instanceof ApiError ? { wait: error.message, remedy: { text: "Run the command again." } } : undefined);
