import "reflect-metadata";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KubeObject } from "../../src/ports/object.ts";

/** Chains of every shape, for the tests of `--tls secret`. */

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;

export const NOW = new Date("2027-03-01T12:00:00Z");
export const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY);

export interface Made {
  readonly pem: string;
  /** PKCS #8 */
  readonly key: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Wish {
  readonly subject: string;
  readonly issuer?: Made;
  readonly names?: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
  readonly algorithm?: object;
  readonly usages?: readonly string[];
  readonly url?: string;
}

/** A CA certificate without `names`, else one for a server. */
export const make = async (wish: Wish): Promise<Made> => {
  const { subject, issuer, names, algorithm = P256, usages = ["1.3.6.1.5.5.7.3.1"] } = wish;
  const keys = (await webcrypto.subtle.generateKey(algorithm as typeof P256, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: wish.from ?? inDays(-10),
    notAfter: wish.to ?? inDays(80),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: issuer || algorithm === P256 ? P256 : (algorithm as typeof P256),
    extensions: [
      new x509.BasicConstraintsExtension(names === undefined, undefined, true),
      ...(names?.length
        ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))]
        : []),
      ...(names && usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usages])] : []),
      ...(wish.url ? [new x509.AuthorityInfoAccessExtension({ caIssuers: wish.url })] : []),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { pem: `${certificate.toString("pem")}\n`, key, certificate, keys };
};

export const encrypted = (): string =>
  generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" },
  }).privateKey;

export const REF = { namespace: "web", name: "wildcard" };

export const secret = (data: Readonly<Record<string, string>>, type = "kubernetes.io/tls"): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: REF,
  type,
  data: Object.fromEntries(
    Object.entries(data).map(([field, text]) => [field, Buffer.from(text, "latin1").toString("base64")]),
  ),
});
