import "reflect-metadata";
import { createPublicKey, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { KeyType } from "./types.ts";

const ALGORITHMS = {
  ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

/** A request (PKCS #10, PEM) for these dNSNames. No subject: CAs ignore it, and a common name holds at most 64 characters. */
export const makeCsr = async (key: string, type: KeyType, names: readonly string[]): Promise<string> => {
  const algorithm = ALGORITHMS[type];
  const { subtle } = webcrypto;
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(key), algorithm, false, ["sign"]),
    subtle.importKey("spki", spki, algorithm, true, ["verify"]),
  ]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      keys: { privateKey, publicKey },
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))],
    },
    webcrypto as unknown as NonNullable<Parameters<typeof x509.Pkcs10CertificateRequestGenerator.create>[1]>,
  );
  return request.toString("pem");
};
