/** A certificate authority of the moment and the serving certificate it signs for loopback. */

import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface Serving {
  /** PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const BACKDATED = 5 * 60_000;
const YEAR = 365 * 86_400_000;

const keyPair = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** `now` by the server's clock: from five minutes before it, as kubeadm backdates, for a year. */
export async function createServing(now: Date): Promise<Serving> {
  const [authority, server] = await Promise.all([keyPair(), keyPair()]);
  const notBefore = new Date(now.getTime() - BACKDATED);
  const notAfter = new Date(now.getTime() + YEAR);
  const name = "CN=kubernetes";
  const ca = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name,
      keys: authority,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      serialNumber: "01",
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto,
  );
  const leaf = await x509.X509CertificateGenerator.create(
    {
      subject: "CN=kube-apiserver",
      issuer: name,
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      serialNumber: "02",
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: "ip", value: "127.0.0.1" },
          { type: "dns", value: "localhost" },
          { type: "dns", value: "kubernetes.default.svc" },
        ]),
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", server.privateKey)).toString("base64");
  return {
    ca: ca.toString("pem"),
    certificate: leaf.toString("pem"),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END PRIVATE KEY-----\n`,
  };
}
