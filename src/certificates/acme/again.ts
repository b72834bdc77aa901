import { UserError } from "../../ports/error.ts";
import { outage } from "../../ports/outage.ts";
import { isOwnTrouble, OrderFailed } from "./problems.ts";

/** Between tries of what has not failed yet: doubled each time from the first to the most, in milliseconds. */
const PAUSE_MS = { first: 1_000, most: 10_000 };

/**
 * Before each further order, in milliseconds, where the CA made one invalid by trouble of its own. Few: CAs count failed validations, Let's Encrypt
 * five of a name in an hour.
 */
export const ORDER_PAUSES_MS: readonly number[] = [5_000, 30_000];

/** What has gone wrong so far in one run. */
export interface Tries {
  /** Attempts that were kept from their work. */
  readonly hindered: number;
  /** Orders that the CA made invalid. */
  readonly orders: number;
}

export interface Again {
  readonly ms: number;
  /** Ends the sentence that says what is waited for. */
  readonly words: string;
}

/** Whether, when and how what failed is tried again. Undefined: that mends nothing, or it was tried often enough. */
export const again = (
  error: unknown,
  tries: Tries,
  now: Date,
  pausesMs: readonly number[] = ORDER_PAUSES_MS,
): Again | undefined => {
  if (error instanceof OrderFailed) {
    const ms = pausesMs[tries.orders - 1];
    const isTrouble = error.reasons.length > 0 && error.reasons.every(({ problem }) => isOwnTrouble(problem));
    if (!isTrouble || ms === undefined) return undefined;
    return { ms, words: `; order ${tries.orders + 1} of at most ${pausesMs.length + 1} follows in ${ms / 1000} s` };
  }
  const trouble = outage(error);
  if (!trouble) return undefined;
  const usual = Math.min(PAUSE_MS.first * 2 ** (tries.hindered - 1), PAUSE_MS.most);
  return { ms: Math.max(usual, (trouble.notBefore?.getTime() ?? 0) - now.getTime()), words: "" };
};

/** Says how often it was tried, where it was more than once. */
export const afterAll = (error: unknown, { orders }: Tries): unknown => {
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

/** An error as what is waited for: `ca.example could not look up www.example.com: …`. */
export const reasonOf = ({ message, why }: UserError): string =>
  `${message.replace(/\.$/, "")}${why ? `: ${why.replace(/\.$/, "")}` : ""}`;
