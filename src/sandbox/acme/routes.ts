/** Which path does what, for whom. */

import { account, keyChange, newAccount, ordersOf } from "./accounts.ts";
import { authenticate, mustBeEmpty, type WireRequest } from "./authenticate.ts";
import { authorization, challenge } from "./authorizations.ts";
import type { Call, Reply } from "./call.ts";
import { download, finalize } from "./issuance.ts";
import type { Office } from "./office.ts";
import { getOrder, newOrder, orderStatus } from "./orders.ts";
import { malformed, notFound, unauthorized } from "./problem.ts";
import { renewalInfo } from "./renewal.ts";
import { revoke } from "./revocation.ts";

type Handle = (office: Office, call: Call) => Reply | Promise<Reply>;

/** Only to look: the payload must be empty. */
const reading =
  (handle: Handle): Handle =>
  (office, call) => {
    mustBeEmpty(call.post);
    return handle(office, call);
  };

const BY_ACCOUNT: Readonly<Record<string, Handle>> = {
  "new-order": newOrder,
  "key-change": keyChange,
  account,
  authorization,
  challenge,
  finalize,
  order: reading(getOrder),
  certificate: reading(download),
  orders: reading((office, call) => ordersOf(office, call, (order) => orderStatus(office, order))),
};

const PUBLIC: Readonly<Record<string, (office: Office, request: WireRequest, id: string) => Reply>> = {
  directory: (office) => ({ status: 200, body: directory(office) }),
  "new-nonce": (_, { method }) => ({ status: method === "HEAD" ? 200 : 204, headers: { "cache-control": "no-store" } }),
  "renewal-info": (office, _, id) => {
    if (office.options.renewalInfo === false) throw notFound("page");
    return renewalInfo(office, id);
  },
  terms: () => ({
    status: 200,
    headers: { "content-type": "text/plain" },
    body: "These certificates are worth nothing outside a rehearsal.\n",
  }),
};

const directory = ({ base, options, profiles, caaIdentities }: Office) => ({
  newNonce: `${base}/new-nonce`,
  newAccount: `${base}/new-account`,
  newOrder: `${base}/new-order`,
  revokeCert: `${base}/revoke-cert`,
  keyChange: `${base}/key-change`,
  ...(options.renewalInfo === false ? {} : { renewalInfo: `${base}/renewal-info` }),
  meta: {
    termsOfService: `${base}/terms`,
    caaIdentities,
    externalAccountRequired: options.externalAccountRequired ?? false,
    ...(Object.keys(profiles).length
      ? { profiles: Object.fromEntries(Object.entries(profiles).map(([name, { description }]) => [name, description])) }
      : {}),
  },
});

/** Throws a {@link Problem}. */
export const answer = async (office: Office, request: WireRequest): Promise<Reply> => {
  // RFC 8555 §6.1.
  if (!request.headers["user-agent"]) throw malformed("All requests MUST include a User-Agent header");
  const [, room = "", id = ""] = /^\/([a-z-]+)(?:\/([^/]+))?$/.exec(request.path) ?? [];
  const isPost = request.method === "POST";
  const open = Object.hasOwn(PUBLIC, room) ? PUBLIC[room] : undefined;
  if (open) {
    if (isPost) mustBeEmpty(authenticate(office, request, "account"));
    else if (request.method !== "GET" && request.method !== "HEAD") throw malformed("Method not allowed", 405);
    return open(office, request, id);
  }
  const signed = { "new-account": "key", "revoke-cert": "either" }[room] as "key" | "either" | undefined;
  const handle = Object.hasOwn(BY_ACCOUNT, room) ? BY_ACCOUNT[room] : undefined;
  if (!signed && !handle) throw notFound("page");
  if (!isPost) throw malformed("Method not allowed", 405, { allow: "POST" });
  const post = authenticate(office, request, signed ?? "account");
  if (room === "new-account") return newAccount(office, post);
  if (room === "revoke-cert") return revoke(office, post);
  if (!post.account || !handle) throw unauthorized("No account");
  return handle(office, { post, owner: post.account, id });
};
