/** Certificate signing requests (RFC 2986) as RFC 8555 §7.4 and the Baseline Requirements accept them. */

import { createPublicKey, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { fromBase64url, thumbprintOf } from "./jws.ts";
import { malformed, Problem, unauthorized } from "./problem.ts";

export interface Csr {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly thumbprint: string;
  readonly commonName?: string;
}

const badCsr = (detail: string): Problem => new Problem("badCSR", detail);

/** `text`: base64url of the DER. Its names must be exactly `names`. Throws a {@link Problem}. */
export const readCsr = async (text: unknown, names: readonly string[]): Promise<Csr> => {
  const der = fromBase64url(text);
  if (!der?.length) throw malformed("Error decoding Base64url-encoded CSR");
  let csr: x509.Pkcs10CertificateRequest;
  try {
    csr = new x509.Pkcs10CertificateRequest(der);
  } catch {
    throw malformed("Error parsing Base64url-encoded CSR");
  }
  const publicKey = Buffer.from(csr.publicKey.rawData);
  const thumbprint = checkKey(publicKey);
  if (csr.signatureAlgorithm.hash.name === "SHA-1") throw badCsr("signature algorithm not supported: SHA-1");
  if (!(await csr.verify(webcrypto).catch(() => false))) throw badCsr("invalid signature on CSR");
  const commonName = csr.subjectName.getField("CN")[0]?.toLowerCase();
  checkNames(csr, commonName, names);
  return { publicKey, thumbprint, ...(commonName === undefined ? {} : { commonName }) };
};

const checkKey = (spki: Buffer): string => {
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const { modulusLength = 0, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") {
    if (![2048, 3072, 4096].includes(modulusLength))
      throw badCsr(`invalid public key in CSR: key size not supported: ${modulusLength}`);
    if (publicExponent !== 65537n) throw badCsr("invalid public key in CSR: key exponent should be 65537");
  } else if (namedCurve !== "prime256v1" && namedCurve !== "secp384r1")
    throw badCsr(`invalid public key in CSR: ${namedCurve ?? key.asymmetricKeyType} is not supported`);
  return thumbprintOf(key);
};

const checkNames = (
  csr: x509.Pkcs10CertificateRequest,
  commonName: string | undefined,
  names: readonly string[],
): void => {
  const extension = csr.extensions.find((each) => each instanceof x509.SubjectAlternativeNameExtension);
  const all = extension?.names.items ?? [];
  if (all.some(({ type }) => type !== "dns")) throw badCsr("CSR contains identifiers other than DNS names");
  const asked = new Set(all.map(({ value }) => value.toLowerCase()));
  if (commonName !== undefined) asked.add(commonName);
  if (asked.size === 0) throw badCsr("at least one identifier is required");
  if (asked.size !== names.length)
    throw unauthorized("Order includes different number of DNSnames identifiers than CSR specifies");
  const missing = names.find((name) => !asked.has(name));
  if (missing !== undefined) throw unauthorized(`CSR is missing Order domain "${missing}"`);
};
