/** Accounts (RFC 8555 §7.3): found, made, changed, deactivated, given another key. */

import { fieldsOf, type Post } from "./authenticate.ts";
import type { Call, Reply } from "./call.ts";
import { checkSignature, fromBase64url, isMacOf, parseJson, parseJws, readKey } from "./jws.ts";
import { type Account, accountUrl, newId, type Office, type Order } from "./office.ts";
import { malformed, Problem, unauthorized } from "./problem.ts";

const MOST_CONTACTS = 10;

const bodyOf = (office: Office, account: Account) => ({
  status: account.status,
  contact: account.contact,
  orders: `${office.base}/orders/${account.id}`,
  ...(account.external === undefined ? {} : { externalAccountBinding: account.external }),
});

const findByKey = (office: Office, thumbprint: string): Account | undefined =>
  [...office.accounts.values()].find(({ key }) => key.thumbprint === thumbprint);

const readContacts = (value: unknown): readonly string[] => {
  const contacts = value ?? [];
  if (!Array.isArray(contacts) || contacts.some((contact) => typeof contact !== "string"))
    throw malformed("Error unmarshaling body JSON");
  if (contacts.length > MOST_CONTACTS)
    throw malformed(`too many contacts provided: ${contacts.length} > ${MOST_CONTACTS}`);
  for (const contact of contacts) {
    const [scheme = "", address = ""] = contact.split(/:(.*)/s);
    if (scheme !== "mailto") throw new Problem("unsupportedContact", `contact method "${scheme}" is not supported`);
    if (!/^[!-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(address))
      throw new Problem("invalidContact", `contact email "${address}" is invalid`);
  }
  return contacts;
};

export const newAccount = (office: Office, post: Post): Reply => {
  const fields = fieldsOf(post);
  const existing = findByKey(office, post.key.thumbprint);
  if (existing?.status === "deactivated")
    throw unauthorized("An account with the provided public key exists but is deactivated");
  if (existing)
    return { status: 200, headers: { location: accountUrl(office, existing) }, body: bodyOf(office, existing) };
  if (fields.onlyReturnExisting === true)
    throw new Problem("accountDoesNotExist", "No account exists with the provided key");
  if (fields.termsOfServiceAgreed !== true)
    throw new Problem("userActionRequired", "must agree to terms of service", {
      headers: { link: `<${office.base}/terms>;rel="terms-of-service"` },
    });
  const contact = readContacts(fields.contact);
  const external = fields.externalAccountBinding;
  if (external !== undefined) checkBinding(office, external, post);
  else if (office.options.externalAccountRequired)
    throw new Problem(
      "externalAccountRequired",
      "newAccount requests must include a value for the 'externalAccountBinding' field",
    );
  const account: Account = {
    id: newId(),
    created: office.now(),
    key: post.key,
    contact,
    status: "valid",
    ...(external === undefined ? {} : { external }),
  };
  office.accounts.set(account.id, account);
  return { status: 201, headers: { location: accountUrl(office, account) }, body: bodyOf(office, account) };
};

/** RFC 8555 §7.3.4. */
const checkBinding = (office: Office, binding: unknown, post: Post): void => {
  const jws = parseJws(binding, true);
  const { kid, nonce, url } = jws.header;
  if (nonce !== undefined) throw malformed("the 'nonce' field must be absent in external account binding");
  if (typeof kid !== "string" || kid === "") throw malformed("the 'kid' field is required in external account binding");
  if (url !== post.url) throw malformed("the 'url' field in external account binding differs from outer JWS");
  const secret = fromBase64url(office.options.externalAccounts?.[kid]);
  if (!secret) throw unauthorized("the field 'kid' references a key that is not known to the ACME server");
  if (!isMacOf(jws, secret)) throw unauthorized("external account binding JWS verification error");
  if (readKey(parseJson(jws.payload.toString("utf8"))).thumbprint !== post.key.thumbprint)
    throw new Problem(
      "badPublicKey",
      "external account binding payload key does not match account key authenticating request",
    );
};

/** Looking, changing the contact, deactivating (RFC 8555 §7.3.2 and §7.3.6). */
export const account = (office: Office, { post, owner, id }: Call): Reply => {
  if (owner.id !== id) throw unauthorized("Request signing key did not match account key");
  if (post.payload === "") return { status: 200, body: bodyOf(office, owner) };
  const { status, contact } = fieldsOf(post);
  if (status === "deactivated") owner.status = "deactivated";
  else if (status !== undefined && status !== owner.status) throw malformed(`Invalid account status: "${status}"`);
  else if (contact !== undefined) owner.contact = readContacts(contact);
  else throw malformed("Use POST-as-GET to retrieve account data instead of doing an empty update");
  return { status: 200, body: bodyOf(office, owner) };
};

/** RFC 8555 §7.1.2.1, in one page. */
export const ordersOf = (office: Office, { owner, id }: Call, statusOf: (order: Order) => string): Reply => {
  if (owner.id !== id) throw unauthorized("Request signing key did not match account key");
  const orders = [...office.orders.values()].filter(
    (order) => order.account === owner && statusOf(order) !== "invalid",
  );
  return { status: 200, body: { orders: orders.map((order) => `${office.base}/order/${order.id}`) } };
};

/** RFC 8555 §7.3.5. */
export const keyChange = (office: Office, { post, owner }: Call): Reply => {
  const inner = parseJws(parseJson(post.payload));
  if (inner.header.kid !== undefined) throw malformed("jwk and kid header fields are mutually exclusive");
  const key = readKey(inner.header.jwk);
  checkSignature(inner, key);
  if (inner.header.url !== post.url) throw malformed("JWS header parameter 'url' differs for inner and outer JWS.");
  const { account: named, oldKey } = fieldsOf({ ...post, payload: inner.payload.toString("utf8") });
  if (named !== accountUrl(office, owner)) throw malformed("Key roll-over inner JWS body contains wrong account ID");
  if (readKey(oldKey).thumbprint !== owner.key.thumbprint)
    throw malformed("Key roll-over inner JWS body JSON contains wrong old key");
  if (key.thumbprint === owner.key.thumbprint) throw malformed("New and old key are identical");
  const other = findByKey(office, key.thumbprint);
  if (other)
    throw malformed("New key is already in use for a different account", 409, { location: accountUrl(office, other) });
  owner.key = key;
  return { status: 200, body: bodyOf(office, owner) };
};
