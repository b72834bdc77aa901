import { type Account, AuthorityError, type Authorization, type Order } from "../../ports/authority.ts";
import { UserError } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import type { PendingOrder } from "./journal.ts";
import { poll } from "./poll.ts";
import { OrderFailed } from "./problems.ts";
import type { AcmeIssuerOptions, AcmeTools, TxtExpectation, TxtRecord } from "./types.ts";

/** An order in progress: its state at the CA, and its journal entry. */
export interface OrderInProgress {
  readonly account: Account;
  readonly order: Order;
  readonly kept: PendingOrder;
  /** Stores the journal entry for the next run; resolves when it is in the cluster. */
  readonly keep: (kept: PendingOrder) => Promise<void>;
  /** The signing request, made once. */
  readonly csr: () => Promise<string>;
}

/** Loads the library that makes signing requests. It is slow to load, so this starts while the CA is waited for. */
export const requestFor = ({ key, keyType, names }: PendingOrder): OrderInProgress["csr"] => {
  let made: Promise<string> | undefined;
  return () => {
    made ??= import("./csr.ts").then(({ makeCsr }) => makeCsr(key, keyType, names));
    return made;
  };
};

const PATIENCE = { text: "It takes seconds, at some providers minutes." };

const namesIn = (records: readonly TxtRecord[]): string => few([...new Set(records.map(({ name }) => name))]);

const sameRecord = (a: TxtRecord, b: TxtRecord): boolean =>
  a.name === b.name && a.value === b.value && a.zone.id === b.zone.id;

const without = (records: readonly TxtRecord[], others: readonly TxtRecord[]): readonly TxtRecord[] =>
  records.filter((record) => !others.some((other) => sameRecord(record, other)));

/** Proves that the names are ours. Resolves to the order as it is then: ready, or further on. */
export const authorize = async (
  current: OrderInProgress,
  options: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<Order> => {
  const { account, order, kept, keep, csr } = current;
  if (order.status !== "pending") return order;
  const authorizations = await account.authorizations(order, tools.signal);
  const open = authorizations.filter(({ status }) => status === "pending");
  const needed = await Promise.all(open.map((authorization) => recordFor(authorization, options)));
  // Every value that may have been written stays listed until the order has ended (rule 23).
  const fresh = without(needed, kept.records);
  const copies = [...kept.copies, ...(needed.length > 0 ? await options.records.copiesFor(needed) : [])];
  if (fresh.length > 0 || copies.length > kept.copies.length)
    await keep({ ...kept, records: [...kept.records, ...fresh], copies });
  const stale = without(kept.records, needed);
  if (needed.length + stale.length > 0) {
    tools.onWaiting(`the zone does not have the TXT records yet: ${namesIn(needed)}`, PATIENCE);
    await options.records.change({ add: needed, drop: stale, copies }, tools.signal);
  }
  if (needed.length > 0) {
    tools.onWaiting(`not every server of the zone has the TXT records yet: ${namesIn(needed)}`, PATIENCE);
    await options.awaitTxt(expectations(needed), tools.signal, tools.onWaiting);
  }
  tools.onWaiting("the CA is checking the TXT records", PATIENCE);
  await Promise.all(
    open
      .filter(({ challenge }) => challenge?.status === "pending")
      .map((authorization) => account.answer(authorization, tools.signal)),
  );
  // A failure surfaces at the later await.
  csr().catch(() => {});
  const done = await poll(
    () => account.order(order.url, tools.signal),
    ({ status }) => status !== "pending",
    tools,
  );
  if (done.status === "invalid") throw await failure(account, done, tools.signal);
  return done;
};

const recordFor = async (
  { name, challenge }: Authorization,
  { authority, placeOf }: AcmeIssuerOptions,
): Promise<TxtRecord> => {
  if (!challenge) throw noDnsChallenge(authority.url, name);
  const { zone, name: at } = await placeOf(name);
  return { zone, name: at, value: challenge.txt };
};

/** `example.com` and `*.example.com` share one name, and CNAMEs may lead several to one. */
const expectations = (records: readonly TxtRecord[]): readonly TxtExpectation[] =>
  [...Map.groupBy(records, ({ name }) => name).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ zone: first.zone, name: first.name, values: same.map(({ value }) => value) }] : [];
  });

/** Has the certificate made. Resolves to its PEM chain. */
export const collect = async (current: OrderInProgress, tools: AcmeTools): Promise<string> => {
  const { account } = current;
  let { order } = current;
  if (order.status === "ready") {
    order = await account.finalize(order, await current.csr(), tools.signal).catch((error: unknown) => {
      // The CA received the request already; only its answer was lost.
      if (error instanceof AuthorityError && error.problem.type === "orderNotReady") {
        return account.order(current.order.url, tools.signal);
      }
      throw error;
    });
  }
  if (order.status !== "valid" && order.status !== "invalid") {
    tools.onWaiting("the CA is making the certificate", PATIENCE);
    order = await poll(
      () => account.order(order.url, tools.signal),
      ({ status }) => status === "valid" || status === "invalid",
      tools,
    );
  }
  if (order.status === "invalid") throw await failure(account, order, tools.signal);
  return account.certificate(order, tools.signal);
};

/** What the CA says about each name that failed, else about the order. */
const failure = async (account: Account, order: Order, signal: AbortSignal): Promise<OrderFailed> => {
  const authorizations = await account.authorizations(order, signal).catch(() => []);
  const reasons = authorizations.flatMap(({ name, wildcard, challenge }) =>
    challenge?.problem ? [{ name: wildcard ? `*.${name}` : name, problem: challenge.problem }] : [],
  );
  return new OrderFailed(reasons.length > 0 || !order.problem ? reasons : [{ problem: order.problem }]);
};

const noDnsChallenge = (directory: string, name: string): UserError =>
  new UserError({
    id: "acme.no-dns-challenge",
    what: `${new URL(directory).host} offers no DNS-01 challenge for ${name}.`,
    why: "Wildcards can be proved in no other way.",
    remedy: "Choose another CA: --acme-directory.",
    kind: "failed",
  });
