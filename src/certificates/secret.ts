import { createPrivateKey, X509Certificate } from "node:crypto";
import { dataOf, type KubeObject } from "../ports/object.ts";

/** What a kubernetes.io/tls Secret holds. */
export interface TlsSecret {
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuer: string;
  readonly keyMatches: boolean;
  /** Whether `ca.crt` is there and signed the certificate. */
  readonly chainMatches: boolean;
  /** PEM of `ca.crt`. */
  readonly ca: string | undefined;
  /** Hexadecimal SHA-256 of the certificate, lower case, first 16 digits: changes with every issuance. */
  readonly fingerprint: string;
}

const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString();

/** Undefined: no Secret, or no certificate in it that can be read. */
export const inspect = (secret: KubeObject | undefined): TlsSecret | undefined => {
  const data = dataOf(secret);
  try {
    const certificate = new X509Certificate(decode(data["tls.crt"]));
    const ca = data["ca.crt"] ? decode(data["ca.crt"]) : undefined;
    return {
      names: (certificate.subjectAltName ?? "")
        .split(", ")
        .flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : [])),
      notBefore: certificate.validFromDate,
      notAfter: certificate.validToDate,
      issuer: certificate.issuer,
      keyMatches: certificate.checkPrivateKey(createPrivateKey(decode(data["tls.key"]))),
      chainMatches: ca !== undefined && certificate.verify(new X509Certificate(ca).publicKey),
      ca,
      fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase().slice(0, 16),
    };
  } catch {
    return undefined;
  }
};

/** Why a certificate must be made, or undefined: it is fine. Due at two thirds of its lifetime. */
export const reasonToIssue = (
  secret: TlsSecret | undefined,
  names: readonly string[],
  now: Date,
): string | undefined => {
  if (!secret) return "missing";
  if (!secret.keyMatches) return "its key does not match";
  if (!secret.chainMatches) return "its root has changed";
  const missing = names.filter((name) => !secret.names.includes(name));
  if (missing.length > 0) return `does not cover ${missing.join(", ")}`;
  const due = new Date(secret.notBefore.getTime() + ((secret.notAfter.getTime() - secret.notBefore.getTime()) * 2) / 3);
  if (now < due) return undefined;
  const days = Math.floor((secret.notAfter.getTime() - now.getTime()) / 86_400_000);
  return days < 0 ? "expired" : `expires in ${days} days`;
};
