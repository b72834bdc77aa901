/** Flattened JSON Web Signatures as RFC 8555 §6.2 allows them, and the keys in them. */

import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { malformed, Problem } from "./problem.ts";

export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** What is signed. */
  readonly input: Buffer;
}

export interface AccountKey {
  readonly key: KeyObject;
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
  readonly algorithm: string;
}

const HASHES: Readonly<Record<string, string>> = { RS256: "sha256", ES256: "sha256", ES384: "sha384", ES512: "sha512" };
const MACS: Readonly<Record<string, string>> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };
const CURVES: Readonly<Record<string, string>> = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** base64url without padding (RFC 7515 §2). Undefined for anything else. */
export const fromBase64url = (text: unknown): Buffer | undefined =>
  typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1
    ? Buffer.from(text, "base64url")
    : undefined;

export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Rejects what Pebble -strict rejects. `macs`: only MAC algorithms, as an external account binding has them. */
export const parseJws = (document: unknown, macs = false): Jws => {
  if (!isRecord(document)) throw malformed("Parse error reading JWS");
  if (document.header !== undefined)
    throw malformed('JWS "header" field not allowed. All headers must be in "protected" field');
  if (document.signatures !== undefined)
    throw malformed('JWS "signatures" field not allowed. Only the "signature" field should contain a signature');
  const [protectedBytes, payload, signature] = [document.protected, document.payload, document.signature].map(
    fromBase64url,
  );
  const header = protectedBytes && parseJson(protectedBytes.toString("utf8"));
  if (!isRecord(header) || !payload || !signature?.length) throw malformed("Parse error reading JWS");
  const algorithms = Object.keys(macs ? MACS : HASHES);
  if (!algorithms.includes(String(header.alg)))
    throw macs
      ? malformed("failed to decode external account binding")
      : new Problem(
          "badSignatureAlgorithm",
          `JWS header contained unsupported algorithm, supported algorithms are: ${algorithms.join(", ")}`,
          { algorithms },
        );
  return { header, payload, signature, input: Buffer.from(`${document.protected}.${document.payload}`) };
};

/** RSA of at least 2048 bits or a NIST curve; else badPublicKey, or malformed when it is no public key at all. */
export const readKey = (jwk: unknown): AccountKey => {
  if (!isRecord(jwk)) throw malformed("No JWK in JWS header");
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    throw malformed("Invalid JWK in JWS header");
  }
  return { key, thumbprint: thumbprintOf(key), algorithm: algorithmFor(key) };
};

const algorithmFor = (key: KeyObject): string => {
  if (key.asymmetricKeyType === "rsa") {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < 2048) throw new Problem("badPublicKey", `key too small: ${bits}`);
    return "RS256";
  }
  const algorithm = CURVES[String(key.export({ format: "jwk" }).crv)];
  if (!algorithm)
    throw new Problem("badPublicKey", `no signature algorithms suitable for ${key.asymmetricKeyType} keys`);
  return algorithm;
};

/** RFC 7638 §3.2: the required members in alphabetical order. */
export const thumbprintOf = (key: KeyObject): string => {
  const { crv, e, kty, n, x, y } = key.export({ format: "jwk" });
  const members = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
};

export const checkSignature = (jws: Jws, { key, algorithm }: AccountKey): void => {
  if (jws.header.alg !== algorithm)
    throw new Problem(
      "badSignatureAlgorithm",
      `signature type '${jws.header.alg}' does not fit the key, expected ${algorithm}`,
    );
  const good = verify(HASHES[algorithm], jws.input, { key, dsaEncoding: "ieee-p1363" }, jws.signature);
  if (!good) throw malformed("JWS verification error");
};

export const isMacOf = (jws: Jws, secret: Buffer): boolean => {
  const mac = createHmac(MACS[String(jws.header.alg)] ?? "sha256", secret)
    .update(jws.input)
    .digest();
  return mac.length === jws.signature.length && timingSafeEqual(mac, jws.signature);
};
