/** Who sent a POST, and what it says (RFC 8555 §6.2 to §6.5), as strict as Pebble -strict. */

import type { IncomingHttpHeaders } from "node:http";
import { type AccountKey, checkSignature, isRecord, type Jws, parseJson, parseJws, readKey } from "./jws.ts";
import type { Account, Office } from "./office.ts";
import { malformed, Problem, unauthorized } from "./problem.ts";

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Post {
  readonly key: AccountKey;
  /** Absent: signed by a key in the request. */
  readonly account?: Account;
  /** Empty for POST-as-GET. */
  readonly payload: string;
  readonly url: string;
}

/** By a known account, by a key in the request, or by one of them. */
export type Signer = "account" | "key" | "either";

const signerOf = (office: Office, { header }: Jws, by: Signer): { key: AccountKey; account?: Account } => {
  const { kid, jwk } = header;
  if (kid !== undefined && jwk !== undefined) throw malformed("jwk and kid header fields are mutually exclusive");
  if (by === "key" || (by === "either" && kid === undefined)) {
    if (jwk === undefined)
      throw malformed(by === "key" ? "No JWK in JWS header" : "Malformed JWS, no KeyID or embedded JWK");
    return { key: readKey(jwk) };
  }
  const prefix = `${office.base}/account/`;
  if (typeof kid !== "string" || !kid.startsWith(prefix))
    throw malformed("Key ID (kid) in JWS header missing expected URL prefix");
  const account = office.accounts.get(kid.slice(prefix.length));
  if (!account) throw new Problem("accountDoesNotExist", `Account ${kid} not found.`);
  return { key: account.key, account };
};

const checkNonce = (office: Office, nonce: unknown): void => {
  if (typeof nonce !== "string" || nonce === "") throw new Problem("badNonce", "JWS has no anti-replay nonce");
  const known = office.nonces.take(nonce);
  if (!known || office.random() < (office.faults().nonceRejections ?? 0))
    throw new Problem("badNonce", `JWS has an invalid anti-replay nonce: ${nonce}`);
};

/** Throws a {@link Problem}. Uses up the nonce. */
export const authenticate = (office: Office, request: WireRequest, by: Signer): Post => {
  if (request.headers["content-type"] !== "application/jose+json")
    throw malformed('Invalid Content-Type header on POST. Content-Type must be "application/jose+json"', 415);
  if (request.headers["replay-nonce"] !== undefined)
    throw malformed("HTTP requests should NOT contain Replay-Nonce header. Use JWS nonce field");
  const jws = parseJws(parseJson(request.body));
  const { key, account } = signerOf(office, jws, by);
  checkSignature(jws, key);
  if (typeof jws.header.url !== "string") throw malformed("JWS header parameter 'url' required.");
  checkNonce(office, jws.header.nonce);
  const url = office.base + request.path;
  if (jws.header.url !== url)
    throw malformed(`JWS header parameter 'url' incorrect. Expected "${url}", got "${jws.header.url}"`);
  const payload = jws.payload.toString("utf8");
  const fields = parseJson(payload);
  if (isRecord(fields) && fields.resource)
    throw malformed('JWS body included JSON with a deprecated ACME v1 "resource" field');
  if (account?.status === "deactivated") throw unauthorized("Account has been deactivated");
  return { key, ...(account ? { account } : {}), payload, url };
};

/** The fields of a payload that must be a JSON object. */
export const fieldsOf = ({ payload }: Post): Readonly<Record<string, unknown>> => {
  const fields = parseJson(payload);
  if (!isRecord(fields)) throw malformed("Error unmarshaling body JSON");
  return fields;
};

export const mustBeEmpty = ({ payload }: Post): void => {
  if (payload !== "") throw malformed("POST-as-GET requests must have a nil body");
};
