import { UserError } from "../../ports/error.ts";
import { outage } from "../../ports/outage.ts";
import { isOwnTrouble, OrderFailed } from "./problems.ts";

/** Milliseconds between attempts while no order has failed: doubled from the first to the most. */
const PAUSE_MS = { first: 1_000, most: 10_000 };

/**
 * Before each further order, in milliseconds, where the CA made one invalid by trouble of its own. Few: CAs count failed validations, Let's Encrypt
 * five of a name in an hour.
 */
export const ORDER_PAUSES_MS: readonly number[] = [5_000, 30_000];

/** What has gone wrong so far in one run. */
export interface Attempts {
  /** Attempts that were interrupted before the CA decided. */
  readonly hindered: number;
  /** Orders that the CA made invalid. */
  readonly orders: number;
}

export interface Retry {
  readonly ms: number;
  /** Ends the sentence that says what is waited for. */
  readonly words: string;
}

/** Whether, when and how a failed attempt is repeated. Undefined: repeating does not help, or it was repeated often enough. */
export const retryOf = (
  error: unknown,
  attempts: Attempts,
  now: Date,
  pausesMs: readonly number[] = ORDER_PAUSES_MS,
): Retry | undefined => {
  if (error instanceof OrderFailed) {
    const ms = pausesMs[attempts.orders - 1];
    const isTrouble = error.reasons.length > 0 && error.reasons.every(({ problem }) => isOwnTrouble(problem));
    if (!isTrouble || ms === undefined) return undefined;
    return { ms, words: `; order ${attempts.orders + 1} of at most ${pausesMs.length + 1} follows in ${ms / 1000} s` };
  }
  const trouble = outage(error);
  if (!trouble) return undefined;
  const usual = Math.min(PAUSE_MS.first * 2 ** (attempts.hindered - 1), PAUSE_MS.most);
  return { ms: Math.max(usual, (trouble.notBefore?.getTime() ?? 0) - now.getTime()), words: "" };
};

/** Adds the number of attempts to the error, if there was more than one. */
export const withAttempts = (error: unknown, { orders }: Attempts): unknown => {
  if (!(error instanceof UserError) || orders < 2) return error;
  const { id, message: what, why, remedy, kind, cause } = error;
  return new UserError({
    id,
    what,
    why: `${why ?? ""} It was so for each of ${orders} orders.`.trim(),
    remedy,
    kind,
    cause,
  });
};

/** Turns an error into a waiting reason: `ca.example could not look up www.example.com: …`. */
export const waitingReason = ({ message, why }: UserError): string =>
  `${message.replace(/\.$/, "")}${why ? `: ${why.replace(/\.$/, "")}` : ""}`;
