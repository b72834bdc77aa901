import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** Keys are ECDSA P-256, signatures ECDSA with SHA-256. */
x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");

/** 16 random bytes; the first is kept positive and non-zero (RFC 5280 §4.1.2.2). */
const serial = (): string => {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return Buffer.from(bytes).toString("hex");
};

/** A root that signs for `days` from `now`. */
export const makeRoot = async (commonName: string, now: Date, days: number): Promise<KeyPair> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${commonName}`,
    notBefore: new Date(now.getTime() - 300_000),
    notAfter: new Date(now.getTime() + days * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await keyPem(keys.privateKey) };
};

/** A server certificate for these dNSNames, signed by the root; `alsoClient`: its holder shows it to others like it. The subject is empty but for the first name, as CAs do today. */
export const makeLeaf = async (
  root: KeyPair,
  names: readonly string[],
  now: Date,
  days: number,
  { alsoClient = false }: { readonly alsoClient?: boolean } = {},
): Promise<KeyPair> => {
  const issuer = new x509.X509Certificate(root.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(root.key),
    ALGORITHM,
    false,
    ["sign"],
  );
  const keys = await newKeys();
  const [first = ""] = names;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    // A common name has at most 64 characters (RFC 5280, ub-common-name); clients look at the dNSNames alone.
    ...(first.length <= 64 ? { subject: `CN=${first}` } : {}),
    issuer: issuer.subject,
    notBefore: new Date(now.getTime() - 300_000),
    notAfter: new Date(Math.min(now.getTime() + days * DAY, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        ...(alsoClient ? [x509.ExtendedKeyUsage.clientAuth] : []),
      ]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await keyPem(keys.privateKey) };
};
