import type { Route53 } from "@aws-sdk/client-route-53";
import { type About, type Doing, explainedError, garbled } from "./problems.ts";

/** What every function of this provider needs to ask Route 53. */
export interface Access {
  readonly client: Route53;
  readonly env: Doing["env"];
  readonly signal: AbortSignal;
  readonly onTrouble: (reason: string) => void;
  /** Who was asked last; empty: nobody yet. */
  readonly host: () => string;
  /** For which domain a zone was looked up; its own name when nobody did. */
  readonly domainOf: (about: About) => string;
}

/**
 * One operation, with its errors in the words of the port. Rejects with the signal's reason when that ended it. `isWhole`: whether a success holds what was
 * asked for; the SDK makes a success without content of any page that comes with 200.
 */
export const asking = async <T>(
  { env, signal, host, domainOf }: Pick<Access, "env" | "signal" | "host" | "domainOf">,
  action: string,
  about: About,
  ask: (http: { readonly abortSignal: AbortSignal }) => Promise<T>,
  isWhole: (answer: T) => boolean,
): Promise<T> => {
  signal.throwIfAborted();
  try {
    const answer = await ask({ abortSignal: signal });
    if (isWhole(answer)) return answer;
    throw garbled({ action, host: host() }, "it does not hold what was asked for");
  } catch (error) {
    signal.throwIfAborted();
    throw await explainedError(error, { action, about, env, host: host(), domain: domainOf(about) });
  }
};
