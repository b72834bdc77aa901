import type { X509Certificate } from "node:crypto";
import { HOME } from "../kube/inventory.ts";
import { dnsNamesOf } from "../ports/certificate-names.ts";
import { dataOf, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { blocksIn, certificatesIn } from "./pem.ts";
import { publicKeyOf } from "./public-half.ts";
import type { KeyPair } from "./x509.ts";

/** What a kubernetes.io/tls Secret holds. */
export interface TlsSecret {
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuer: string;
  readonly keyMatches: boolean;
  /** Whether each certificate of `tls.crt` is signed by the next, and the last by `ca.crt` where there is one. */
  readonly chainMatches: boolean;
  /** PEM of `ca.crt`: the root of a private CA. */
  readonly ca: string | undefined;
  /** PEM of `tls.crt`, the certificate first. */
  readonly chain: readonly string[];
  /** Hexadecimal, upper case, as a handshake shows it. */
  readonly serial: string;
  /** Where it came from: the ACME directory, else the id of the way to TLS that made it. */
  readonly origin: string;
  /** Hexadecimal SHA-256 of the certificate, lower case, first 16 digits: changes with every issuance. */
  readonly fingerprint: string;
}

type Dates = Pick<TlsSecret, "notBefore" | "notAfter">;

const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString();

/** Annotation of a certificate's Secret: the ACME directory that it came from. */
export const DIRECTORY = "kn-bootstrap/acme-directory";
/** Annotation of a certificate that came from no ACME CA: the id of the way to TLS that made it. */
export const MADE_BY = "kn-bootstrap/made-by";
/** Who made those that say nothing: version 0.1 knew no other. */
const FIRST_MAKER = "self-signed";

const originOf = ({ [DIRECTORY]: directory, [MADE_BY]: maker }: Readonly<Record<string, string>>): string =>
  directory ?? maker ?? FIRST_MAKER;

/** A certificate, its key and the root that verifies it, in a Secret of ours. */
export const tlsSecret = (ref: Pick<ObjectRef, "namespace" | "name">, pair: KeyPair, ca: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: ref.name, namespace: ref.namespace ?? HOME },
  type: "kubernetes.io/tls",
  data: {
    "tls.crt": Buffer.from(pair.certificate).toString("base64"),
    "tls.key": Buffer.from(pair.key).toString("base64"),
    "ca.crt": Buffer.from(ca).toString("base64"),
  },
});

const isChain = (certificates: readonly X509Certificate[]): boolean =>
  certificates.every((certificate, index) => {
    const next = certificates[index + 1];
    return next === undefined || certificate.verify(next.publicKey);
  });

/** Undefined: no Secret, or no certificate in it that can be read. */
export const inspect = (secret: KubeObject | undefined): TlsSecret | undefined => {
  const data = dataOf(secret);
  try {
    const text = decode(data["tls.crt"]);
    const chain = blocksIn(text).map((block) => `${block}\n`);
    const ca = data["ca.crt"] ? decode(data["ca.crt"]) : undefined;
    const [certificate, ...issuers] = [...certificatesIn(text), ...certificatesIn(ca ?? "").slice(0, 1)];
    if (!certificate) return undefined;
    return {
      names: dnsNamesOf(certificate),
      notBefore: certificate.validFromDate,
      notAfter: certificate.validToDate,
      issuer: certificate.issuer,
      keyMatches: certificate.publicKey.equals(publicKeyOf(decode(data["tls.key"]))),
      chainMatches: issuers.length > 0 && isChain([certificate, ...issuers]),
      ca,
      chain,
      serial: certificate.serialNumber,
      origin: originOf(secret?.metadata.annotations ?? {}),
      fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase().slice(0, 16),
    };
  } catch {
    return undefined;
  }
};

/** Less than ten days, such as the 160 hours of Let's Encrypt's profile `shortlived`: no time for a failed week. */
export const isShortLived = ({ notBefore, notAfter }: Dates): boolean =>
  notAfter.getTime() - notBefore.getTime() < 10 * 86_400_000;

/** When a certificate should be replaced where its CA says nothing: after two thirds of its lifetime, half of a short one. */
export const dueDate = (dates: Dates): Date => {
  const [start, end] = [dates.notBefore.getTime(), dates.notAfter.getTime()];
  return new Date(start + (end - start) * (isShortLived(dates) ? 1 / 2 : 2 / 3));
};

/** Why a certificate must be made, or undefined: it is fine. `isDue`: judged already, with what its CA says; absent: by its dates. */
export const reasonToIssue = (
  secret: TlsSecret | undefined,
  names: readonly string[],
  now: Date,
  isDue?: boolean,
): string | undefined => {
  if (!secret) return "missing";
  if (!secret.keyMatches) return "its key does not match";
  if (!secret.chainMatches) return "its chain does not match";
  const missing = names.filter((name) => !secret.names.includes(name));
  if (missing.length > 0) return `does not cover ${missing.join(", ")}`;
  if (!(isDue ?? now >= dueDate(secret))) return undefined;
  const days = daysLeft(secret, now);
  return days < 0 ? "expired" : `expires in ${days} days`;
};

/** Whole days until it ends. */
export const daysLeft = ({ notAfter }: Pick<TlsSecret, "notAfter">, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000);
