/** Orders (RFC 8555 §7.4) with profiles (draft-ietf-acme-profiles) and replacements (RFC 9773 §5). */

import { fieldsOf } from "./authenticate.ts";
import { authorizationStatus, authorize } from "./authorizations.ts";
import type { Call, Reply } from "./call.ts";
import { readNames } from "./names.ts";
import { type Account, dateText, hoursFrom, newId, type Office, type Order, retryAfter, shuffled } from "./office.ts";
import { malformed, notFound, Problem, unauthorized } from "./problem.ts";
import { findCertificate, windowOf } from "./renewal.ts";

const ORDER_HOURS = 7 * 24;

export type OrderStatus = "pending" | "ready" | "processing" | "valid" | "invalid";

/** RFC 8555 §7.1.6. */
export const orderStatus = (office: Office, order: Order): OrderStatus => {
  if (order.stage !== "open") return order.stage;
  const statuses = order.authorizations.map((authorization) => authorizationStatus(office, authorization));
  if (order.expires <= office.now() || statuses.some((status) => status !== "pending" && status !== "valid"))
    return "invalid";
  return statuses.every((status) => status === "valid") ? "ready" : "pending";
};

export const describeOrder = (office: Office, order: Order, status = 200): Reply => ({
  status,
  headers: {
    location: `${office.base}/order/${order.id}`,
    ...(order.stage === "processing" ? retryAfter(office.faults().processingMs) : {}),
  },
  body: {
    status: orderStatus(office, order),
    expires: dateText(order.expires),
    identifiers: shuffled(office, order.names).map((value) => ({ type: "dns", value })),
    authorizations: shuffled(office, order.authorizations).map(({ id }) => `${office.base}/authorization/${id}`),
    finalize: `${office.base}/finalize/${order.id}`,
    ...(Object.keys(office.profiles).length ? { profile: order.profile } : {}),
    ...(order.replaces === undefined ? {} : { replaces: order.replaces }),
    ...(order.error ? { error: order.error } : {}),
    ...(order.certificate ? { certificate: `${office.base}/certificate/${order.certificate.number}` } : {}),
  },
});

/** The order of this URL, if it is the caller's. */
export const ownOrder = (office: Office, { owner, id }: Call): Order => {
  const order = office.orders.get(id);
  if (!order) throw notFound("order");
  if (order.account !== owner)
    throw unauthorized("Account that authenticated the request does not own the specified order");
  return order;
};

export const getOrder = (office: Office, call: Call): Reply => describeOrder(office, ownOrder(office, call));

export const newOrder = (office: Office, { post, owner }: Call): Reply => {
  const fields = fieldsOf(post);
  if (fields.notBefore !== undefined || fields.notAfter !== undefined)
    throw malformed("NotBefore and NotAfter are not supported");
  const names = readNames(office, fields.identifiers);
  const profile = readProfile(office, fields.profile);
  const replaces = readReplaces(office, owner, names, fields.replaces);
  const { rateLimited } = office.faults();
  if (rateLimited)
    throw new Problem("rateLimited", rateLimited.detail, {
      headers: { "retry-after": String(rateLimited.retryAfterSeconds) },
    });
  if (!replaces?.exempt) checkLimits(office, owner, names);
  const reused = office.options.reuseOrders ? openOrder(office, owner, names, profile) : undefined;
  const order: Order = reused ?? {
    id: newId(),
    account: owner,
    names,
    profile,
    ...(replaces ? { replaces: replaces.id } : {}),
    exempt: replaces?.exempt ?? false,
    authorizations: names.map((name) => authorize(office, owner, name)),
    expires: hoursFrom(office.now(), ORDER_HOURS),
    stage: "open",
  };
  if (!order.exempt) office.buckets.take(office.options.limits?.newOrders, `orders ${owner.id}`);
  office.orders.set(order.id, order);
  return describeOrder(office, order, 201);
};

const openOrder = (office: Office, owner: Account, names: readonly string[], profile: string): Order | undefined =>
  [...office.orders.values()].find(
    (order) =>
      order.account === owner &&
      order.profile === profile &&
      order.names.join() === names.join() &&
      ["pending", "ready"].includes(orderStatus(office, order)),
  );

const readProfile = (office: Office, asked: unknown): string => {
  const [standard = ""] = Object.keys(office.profiles);
  if (asked === undefined || asked === "") return standard;
  if (typeof asked !== "string" || !Object.hasOwn(office.profiles, asked))
    throw new Problem("invalidProfile", `Invalid profile requested :: unrecognized profile name "${asked}"`);
  return asked;
};

/** RFC 9773 §5. An unfinished order that replaces the certificate already counts, as it does at Let's Encrypt. */
const readReplaces = (
  office: Office,
  owner: Account,
  names: readonly string[],
  asked: unknown,
): { readonly id: string; readonly exempt: boolean } | undefined => {
  if (asked === undefined || asked === "") return undefined;
  const what = "Could not validate ARI 'replaces' field ::";
  const certificate = findCertificate(office, asked, what);
  const { order } = certificate;
  const taken = [...office.orders.values()].some(
    (other) => other.replaces === asked && orderStatus(office, other) !== "invalid",
  );
  if (taken)
    throw new Problem(
      "alreadyReplaced",
      `${what} cannot indicate an order replaces certificate with serial "${certificate.serial.toLowerCase()}", which already has a replacement order`,
    );
  if (order.account !== owner)
    throw unauthorized(`${what} requester account did not request the certificate being replaced by this order`);
  if (!order.names.some((name) => names.includes(name)))
    throw malformed(`${what} identifiers in this order do not match any names in the certificate being replaced`);
  const { start, end } = windowOf(office, certificate);
  const now = office.now();
  return { id: String(asked), exempt: start <= now && now < end };
};

export const setBucket = (names: readonly string[]): string => `set ${names.join()}`;

const checkLimits = ({ buckets, options: { limits = {} } }: Office, owner: Account, names: readonly string[]): void => {
  buckets.check(limits.newOrders, `orders ${owner.id}`, {
    text: (count) => `too many new orders (${count}) from this account`,
    anchor: "new-orders-per-account",
  });
  for (const name of new Set(names.map((each) => each.replace(/^\*\./, ""))))
    buckets.check(limits.failedValidations, `failures ${owner.id} ${name}`, {
      text: (count) => `too many failed authorizations (${count}) for "${name}"`,
      anchor: "authorization-failures-per-identifier-per-account",
    });
  buckets.check(limits.certificatesPerSet, setBucket(names), {
    text: (count) => `too many certificates (${count}) already issued for this exact set of identifiers`,
    anchor: "new-certificates-per-exact-set-of-identifiers",
  });
};
