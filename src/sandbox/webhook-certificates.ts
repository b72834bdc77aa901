import "reflect-metadata";
import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** The three values of a webhook-certs Secret, base64 as stored. */
export interface WebhookCertificates {
  readonly "ca-cert.pem": string;
  readonly "server-cert.pem": string;
  readonly "server-key.pem": string;
}

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const WEEK_MS = 7 * 24 * 3600 * 1000;

/** A fresh CA and a server certificate for `service.namespace.svc`, as a webhook process makes for itself (one week). */
export const makeWebhookCertificates = async (service: string, namespace: string): Promise<WebhookCertificates> => {
  const [caKeys, serverKeys] = await Promise.all(
    [0, 1].map(() => webcrypto.subtle.generateKey(EC, true, ["sign", "verify"])),
  );
  if (!caKeys || !serverKeys) throw new Error("webcrypto made no keys");
  const commonName = `${service}.${namespace}.svc`;
  const name = `O=knative.dev, CN=${commonName}`;
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + WEEK_MS) };
  const names = [service, `${service}.${namespace}`, commonName, `${commonName}.cluster.local`];
  const alternatives = new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })));
  const authority = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: name,
    issuer: name,
    publicKey: caKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: EC,
    ...dates,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      alternatives,
    ],
  });
  const server = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: name,
    issuer: name,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: EC,
    ...dates,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      alternatives,
    ],
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", serverKeys.privateKey);
  return {
    "ca-cert.pem": encode(authority.toString("pem")),
    "server-cert.pem": encode(server.toString("pem")),
    "server-key.pem": encode(PemConverter.encode(key, "PRIVATE KEY")),
  };
};

const serial = (): string => randomBytes(16).toString("hex").replace(/^./, "1");

const encode = (pem: string): string => Buffer.from(pem.endsWith("\n") ? pem : `${pem}\n`).toString("base64");

/** Every admission asks again for the same pair, and a signature is dear. */
const verified = new Map<string, boolean>();
const REMEMBERED = 100;

/** True when the server's certificate was signed by a CA of the bundle (base64 PEM, as in a webhook configuration). */
export const isTrustedBy = (serverCertificate: string, caBundle: string | undefined): boolean => {
  const pair = `${serverCertificate} ${caBundle}`;
  const known = verified.get(pair);
  if (known !== undefined) return known;
  if (verified.size >= REMEMBERED) verified.clear();
  const trusted = isSignedBy(serverCertificate, caBundle ?? "");
  verified.set(pair, trusted);
  return trusted;
};

const isSignedBy = (certificate: string, bundle: string): boolean => {
  try {
    const server = new X509Certificate(Buffer.from(certificate, "base64"));
    return server.verify(new X509Certificate(Buffer.from(bundle, "base64")).publicKey);
  } catch {
    return false;
  }
};
