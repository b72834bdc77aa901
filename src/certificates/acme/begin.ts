import { type Account, AuthorityError, type Order } from "../../ports/authority.ts";
import type { PendingOrder } from "./journal.ts";
import { makeKey } from "./key.ts";
import { NotOrdered } from "./ordered.ts";
import type { AcmeTools, KeyType } from "./types.ts";

export interface Wish {
  /** Sorted. */
  readonly names: readonly string[];
  readonly target: string;
  readonly keyType: KeyType;
  readonly profile?: string;
  /** PEM of the certificate that it replaces. */
  readonly replaces?: string;
  /** Whether it counts against no limit that we know of. */
  readonly isExempt: boolean;
}

export interface Journal {
  readonly directory: string;
  /** What the last run left. */
  readonly kept: PendingOrder | undefined;
  readonly keep: (next: PendingOrder) => Promise<void>;
}

/** CAs let pending orders live for a week; an older valid one is not worth fetching. */
const LONGEST_MS = 7 * 86_400_000;

/** The order that the last run left, when it can still become what is wished; else a new one, with a new key. */
export const begin = async (
  account: Account,
  wish: Wish,
  { directory, kept, keep }: Journal,
  tools: AcmeTools,
): Promise<{ readonly order: Order; readonly kept: PendingOrder }> => {
  const old = kept && fits(kept, wish, tools.now()) ? await stillThere(account, kept.url, tools) : undefined;
  if (kept && old) return { order: old, kept };
  const [key, { order, isRenewal }] = await Promise.all([makeKey(wish.keyType), place(account, wish, tools)]);
  const { replaces: _, isExempt, ...rest } = wish;
  const next: PendingOrder = {
    ...rest,
    directory,
    key,
    url: order.url,
    startedAt: tools.now(),
    isExempt: isExempt && isRenewal,
    // What the earlier order has written stays listed in the new one.
    records: kept?.records ?? [],
    copies: kept?.copies ?? [],
  };
  await keep(next);
  return { order, kept: next };
};

const fits = (kept: PendingOrder, wish: Wish, now: Date): boolean =>
  kept.profile === wish.profile &&
  kept.keyType === wish.keyType &&
  kept.target === wish.target &&
  now.getTime() - kept.startedAt.getTime() < LONGEST_MS;

/** Undefined: the CA has no such order for this account (any more), or it can only fail. */
const stillThere = async (account: Account, url: string, tools: AcmeTools): Promise<Order | undefined> => {
  try {
    const order = await account.order(url, tools.signal);
    const isOver = order.status === "invalid" || (order.status === "pending" && isPast(order.expires, tools.now()));
    return isOver ? undefined : order;
  } catch (error) {
    if (error instanceof NotOrdered || (error instanceof AuthorityError && isAboutOrder(error))) return undefined;
    throw error;
  }
};

const isPast = (date: Date | undefined, now: Date): boolean => date !== undefined && date <= now;

const isAboutOrder = ({ problem: { status, type, detail } }: AuthorityError): boolean =>
  status === 404 || ((type === "unauthorized" || type === "malformed") && !/deactivated/i.test(detail));

/** A CA that does not know the certificate to replace, or has replaced it already, still makes a new one (RFC 9773 §5). */
const place = async (
  account: Account,
  { names, profile, replaces }: Wish,
  { signal }: AcmeTools,
): Promise<{ readonly order: Order; readonly isRenewal: boolean }> => {
  const plain = { names, ...(profile ? { profile } : {}) };
  if (!replaces) return { order: await account.newOrder(plain, signal), isRenewal: false };
  try {
    return { order: await account.newOrder({ ...plain, replaces }, signal), isRenewal: true };
  } catch (error) {
    if (!(error instanceof AuthorityError) || error.problem.type === "rateLimited") throw error;
    if (error.problem.type !== "alreadyReplaced" && !/replace/i.test(error.problem.detail)) throw error;
    return { order: await account.newOrder(plain, signal), isRenewal: false };
  }
};
