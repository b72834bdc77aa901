import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificateBlocks, privateKeyBlock } from "../../ports/pem.ts";

/** Those of a PEM text that can be read; as in Go's pools, others and what stands around them do not matter. */
export const certificatesIn = (text: string): readonly X509Certificate[] =>
  [...certificateBlocks(text)].flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });

/** What a pool of roots is made of, each as PEM; undefined: nothing in the text is a certificate. */
export const anchorsIn = (text: string): string | undefined => {
  const found = certificatesIn(text);
  return found.length === 0 ? undefined : found.map(String).join("");
};

/** Why nobody can log in with these two, and by which of them. */
export const pairProblem = (
  certificate: string,
  key: string,
): { readonly in: "certificate" | "key"; readonly why: string } | undefined => {
  const [own] = certificatesIn(certificate);
  if (!own) return { in: "certificate", why: "holds no certificate in PEM" };
  const block = privateKeyBlock(key);
  if (block === undefined) return { in: "key", why: "holds no private key in PEM" };
  if (/ENCRYPTED/.test(block))
    return { in: "key", why: "holds a key that is encrypted, which kubectl cannot use either" };
  try {
    if (own.checkPrivateKey(createPrivateKey(block))) return undefined;
  } catch {
    return { in: "key", why: "holds a damaged private key" };
  }
  return { in: "key", why: "holds a key that does not belong to the certificate" };
};
