/** Real X.509: root, intermediate, certificates, all ECDSA P-256 but for the key that a request brings. */

import "reflect-metadata";
import { createPublicKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR = 365 * 86_400_000;

export interface Authority {
  /** PEM. */
  readonly root: string;
  readonly intermediate: string;
  /** The subject key identifier of the intermediate, which RFC 9773 §4.1 names a certificate by. */
  readonly keyId: Buffer;
  readonly sign: (request: CertificateRequest) => Promise<{ readonly pem: string; readonly serial: string }>;
}

export interface CertificateRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly names: readonly string[];
  readonly commonName?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

export const publicKeyOf = async ({ publicKey }: webcrypto.CryptoKeyPair): Promise<Buffer> =>
  Buffer.from(await webcrypto.subtle.exportKey("spki", publicKey));

/** 18 bytes as Let's Encrypt's: positive and without a leading zero, so that the DER content is these bytes (RFC 5280 §4.1.2.2). */
const newSerial = (): string => `04${randomBytes(17).toString("hex")}`;

const create = (params: x509.X509CertificateCreateWithKeyParams): Promise<x509.X509Certificate> =>
  x509.X509CertificateGenerator.create(
    { ...params, serialNumber: newSerial(), signingAlgorithm: ALGORITHM },
    webcrypto,
  );

const keyIds = async (own: x509.PublicKeyType, issuer: x509.PublicKeyType): Promise<readonly x509.Extension[]> => [
  await x509.SubjectKeyIdentifierExtension.create(own, false, webcrypto),
  await x509.AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
];

const AUTHORITY_USE = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature;

/** A root for 20 years and an intermediate for 10 from `now`. `name` tells several of them apart. */
export const createAuthority = async (name: string, now: Date): Promise<Authority> => {
  const [rootKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  const subject = (part: string): string => `O=kn-bootstrap rehearsal, CN=${name} ${part}`;
  const notBefore = new Date(now.getTime() - 86_400_000);
  const extensions = async (own: webcrypto.CryptoKeyPair, pathLength: number): Promise<x509.Extension[]> => [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(AUTHORITY_USE, true),
    ...(await keyIds(own.publicKey, rootKeys.publicKey)),
  ];
  const root = await create({
    subject: subject("Root"),
    issuer: subject("Root"),
    publicKey: rootKeys.publicKey,
    signingKey: rootKeys.privateKey,
    notBefore,
    notAfter: new Date(now.getTime() + 20 * YEAR),
    extensions: await extensions(rootKeys, 1),
  });
  const intermediate = await create({
    subject: subject("E1"),
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    notBefore,
    notAfter: new Date(now.getTime() + 10 * YEAR),
    extensions: await extensions(keys, 0),
  });
  const own = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto);
  return {
    root: `${root.toString("pem")}\n`,
    intermediate: `${intermediate.toString("pem")}\n`,
    keyId: Buffer.from(own.keyId, "hex"),
    sign: (request) => signLeaf(request, intermediate.subject, keys),
  };
};

const signLeaf = async (
  { publicKey, names, commonName, notBefore, notAfter }: CertificateRequest,
  issuer: string,
  issuerKeys: webcrypto.CryptoKeyPair,
): Promise<{ readonly pem: string; readonly serial: string }> => {
  const isRsa = createPublicKey({ key: publicKey, format: "der", type: "spki" }).asymmetricKeyType === "rsa";
  const key = new x509.PublicKey(publicKey);
  const usage = x509.KeyUsageFlags.digitalSignature | (isRsa ? x509.KeyUsageFlags.keyEncipherment : 0);
  const certificate = await create({
    ...(commonName === undefined ? {} : { subject: [{ CN: [commonName] }] }),
    issuer,
    publicKey: key,
    signingKey: issuerKeys.privateKey,
    notBefore,
    notAfter,
    extensions: [
      new x509.KeyUsagesExtension(usage, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(await keyIds(key, issuerKeys.publicKey)),
      // RFC 5280 §4.2.1.6: without a subject the names are what identifies it.
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: "dns" as const, value })),
        commonName === undefined,
      ),
      new x509.CertificatePolicyExtension(["2.23.140.1.2.1"]),
    ],
  });
  return { pem: `${certificate.toString("pem")}\n`, serial: certificate.serialNumber.toUpperCase() };
};

/** For the API's own https on loopback. Its dates are wide, because clients check them by their own clock. */
export const createServerCertificate = async (): Promise<{ ca: string; certificate: string; key: string }> => {
  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const notBefore = new Date("2000-01-01T00:00:00Z");
  const notAfter = new Date("2099-12-31T23:59:59Z");
  const issuer = "CN=kn-bootstrap rehearsal API";
  const shared = { issuer, signingKey: authority.privateKey, notBefore, notAfter };
  const [ca, certificate] = await Promise.all([
    create({
      ...shared,
      subject: issuer,
      publicKey: authority.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(AUTHORITY_USE, true),
      ],
    }),
    create({
      ...shared,
      subject: "CN=acme",
      publicKey: server.publicKey,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: "ip", value: "127.0.0.1" },
          { type: "dns", value: "localhost" },
        ]),
      ],
    }),
  ]);
  const key = await webcrypto.subtle.exportKey("pkcs8", server.privateKey);
  return {
    ca: `${ca.toString("pem")}\n`,
    certificate: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
};
