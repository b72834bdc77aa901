import type { Asked } from "../../ports/authority.ts";
import { sizeOf } from "../../ports/bounded.ts";

/** What a CA's answers must be (RFC 8555 §7.1) before anything of them is used. */

type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a body; undefined: nothing. */
export type Shape = (body: string) => string | undefined;

/** acme-client and our transport speak TLS alone, wherever a CA sends them. */
export const isHttps = (url: unknown): url is string =>
  typeof url === "string" && URL.canParse(url) && new URL(url).protocol === "https:";

/** A name as it can stand in a certificate. */
export const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length <= 253 && /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(value);

const isOneOf = (value: unknown, words: string): boolean =>
  typeof value === "string" && words.split(" ").includes(value);

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first field that is not what it must be. */
const checking =
  (what: string, wrong: (document: Fields) => string | false | undefined): Shape =>
  (body) => {
    let document: unknown;
    try {
      document = JSON.parse(body);
    } catch {
      document = undefined;
    }
    if (!isFields(document)) return `it sent ${what} that is no JSON object`;
    const field = wrong(document);
    return field ? `it sent ${what} whose ${field} is not what it must be` : undefined;
  };

const isIdentifier = (value: unknown): boolean => isFields(value) && value.type === "dns" && isName(value.value);

const isOptional = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);

/** The most names, authorizations or challenges of an order: CAs accept a hundred names, and each link costs a request. */
const MOST_ENTRIES = 500;

const isListOf = (value: unknown, is: (value: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= MOST_ENTRIES && value.every(is);

export const DIRECTORY_SHAPE = checking("a directory", ({ newNonce, newAccount, newOrder, keyChange }) => {
  if (![newNonce, newAccount, newOrder].every(isHttps)) return "link to nonces, accounts or orders";
  return isOptional(keyChange, isHttps) ? undefined : "keyChange";
});

const ACCOUNT_SHAPE = checking("an account", () => undefined);

/** CAs leave the body of this answer empty, and nothing of it is used. */
const ANY_SHAPE: Shape = () => undefined;

const CHALLENGE_SHAPE = checking("a challenge", () => undefined);

export const ORDER_SHAPE = checking("an order", (order) => {
  if (!isOneOf(order.status, "pending ready processing valid invalid")) return "status";
  if (!isListOf(order.identifiers, isIdentifier)) return "identifiers";
  if (!isListOf(order.authorizations, isHttps)) return "authorizations";
  if (!isHttps(order.finalize)) return "finalize";
  return isOptional(order.certificate, isHttps) ? undefined : "certificate";
});

const isChallenge = (value: unknown): boolean =>
  isFields(value) &&
  (value.type !== "dns-01" ||
    (isHttps(value.url) &&
      isOneOf(value.status, "pending processing valid invalid") &&
      typeof value.token === "string" &&
      /^[\w-]{1,512}$/.test(value.token)));

export const AUTHORIZATION_SHAPE = checking("an authorization", (authorization) => {
  if (!isOneOf(authorization.status, "pending valid invalid deactivated expired revoked")) return "status";
  if (!isIdentifier(authorization.identifier)) return "identifier";
  if (!isOptional(authorization.wildcard, (value) => typeof value === "boolean")) return "wildcard";
  return isListOf(authorization.challenges, isChallenge) ? undefined : "challenges";
});

/** A chain has some 5 KiB; with its key it must fit into a Secret, of which etcd takes 1 MiB. */
const MOST_OF_CHAIN = 256 * 2 ** 10;

export const CERTIFICATE_SHAPE: Shape = (body) => {
  if (!body.includes("-----BEGIN CERTIFICATE-----")) return "it sent what is no certificate chain in PEM";
  return body.length > MOST_OF_CHAIN ? `it sent a certificate chain larger than ${sizeOf(MOST_OF_CHAIN)}` : undefined;
};

/** By what was asked for, with a signed request. */
export const SHAPES: Readonly<Record<Asked, Shape>> = {
  directory: DIRECTORY_SHAPE,
  account: ACCOUNT_SHAPE,
  "account's end": ANY_SHAPE,
  "account's key": ANY_SHAPE,
  order: ORDER_SHAPE,
  authorization: AUTHORIZATION_SHAPE,
  challenge: CHALLENGE_SHAPE,
  certificate: CERTIFICATE_SHAPE,
  renewal: ANY_SHAPE,
};
