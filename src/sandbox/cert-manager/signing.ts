import "reflect-metadata";
import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** Keys, requests and signatures as cert-manager makes them (RSA 2048 there; ECDSA P-256 here, which costs no time). */

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** Default lifetime of what its own issuers sign. */
const DAYS_90 = 90 * 86_400_000;

const importKey = (pem: string): Promise<webcrypto.CryptoKey> => {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", new Uint8Array(der), ALGORITHM, false, ["sign"]);
};

/** PEM (PKCS #8). */
export const newKey = async (): Promise<string> => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
};

/** PEM of a request for these names, signed by the key. */
export const newRequest = async (
  key: string,
  commonName: string | undefined,
  names: readonly string[],
): Promise<string> => {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const publicKey = await webcrypto.subtle.importKey("spki", new Uint8Array(spki), ALGORITHM, true, ["verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    ...(commonName ? { name: `CN=${commonName}` } : {}),
    keys: { privateKey: await importKey(key), publicKey },
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))],
  });
  return request.toString("pem");
};

/** The dNSNames of a request. Throws when it cannot be read. */
export const namesOfRequest = (pem: string): readonly string[] => {
  const request = new x509.Pkcs10CertificateRequest(pem);
  const extension = request.extensions.find((each) => each instanceof x509.SubjectAlternativeNameExtension);
  return extension ? extension.names.items.flatMap(({ type, value }) => (type === "dns" ? [value] : [])) : [];
};

export interface SigningPair {
  /** PEM */
  readonly certificate: string;
  readonly key: string;
}

/** Signs a request with a CA, or, without one, with the key that it was made with. */
export const sign = async (
  pem: string,
  signer: { readonly authority: SigningPair } | { readonly own: string },
  lifetimeMs: number = DAYS_90,
): Promise<string> => {
  const request = new x509.Pkcs10CertificateRequest(pem);
  const authority = "authority" in signer ? new x509.X509Certificate(signer.authority.certificate) : undefined;
  const names = namesOfRequest(pem);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subject,
    issuer: authority?.subject ?? request.subject,
    notBefore: new Date(now),
    notAfter: new Date(now + lifetimeMs),
    publicKey: request.publicKey,
    signingKey: await importKey("authority" in signer ? signer.authority.key : signer.own),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value }))),
    ],
  });
  return `${certificate.toString("pem")}\n`;
};

export interface Pair {
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What a pair of PEM texts says; undefined when they are none, or do not belong together. */
export const readPair = (certificate: string, key: string): Pair | undefined => {
  try {
    const parsed = new X509Certificate(certificate);
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return undefined;
    const entries = (parsed.subjectAltName ?? "").split(", ");
    return {
      names: entries.flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : [])),
      notBefore: parsed.validFromDate,
      notAfter: parsed.validToDate,
    };
  } catch {
    return undefined;
  }
};

export const encode = (text: string): string => Buffer.from(text).toString("base64");
export const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString();
