import { AuthorityUnreachable } from "../ports/authority.ts";
import { ApiError, Unreachable } from "../ports/cluster.ts";
import { NoAnswer } from "../ports/dns.ts";
import type { Remedy } from "../ports/error.ts";
import { ZonesUnreachable } from "../ports/zones.ts";

/** Why something cannot be done yet, and what helps. */
export interface Waiting {
  readonly wait: string;
  readonly remedy: Remedy;
}

const STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * What an error says about a cluster, DNS provider, resolver or CA that only has to come back to itself: no answer, or one that asks to try again. Rule 7 calls none of
 * it permanent. Undefined: it is another error.
 */
export const outage = (error: unknown): Waiting | undefined => {
  const remedy = { text: "See whether the cluster is well, and the way to it." };
  if (error instanceof Unreachable) return { wait: error.message, remedy };
  if (error instanceof ZonesUnreachable || error instanceof AuthorityUnreachable || error instanceof NoAnswer)
    return { wait: error.message, remedy: { text: "See whether the service is well, and the way to it." } };
  if (!(error instanceof ApiError) || !STATUSES.has(error.status)) return undefined;
  return { wait: `the cluster answers ${error.status}: ${error.message}`, remedy };
};
