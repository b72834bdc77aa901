import { createPrivateKey, type X509Certificate } from "node:crypto";
import { dnsNamesOf } from "../ports/certificate-names.ts";
import { few } from "../ports/few.ts";
import { certificatesIn } from "./pem.ts";

export interface Expected {
  /** PEM of the private key. */
  readonly key: string;
  readonly names: readonly string[];
  readonly now: Date;
  /** PEM: the chain must end below one of them. */
  readonly roots?: string;
}

/** How far two healthy clocks may be apart. */
const SKEW_MS = 5 * 60_000;

const day = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/**
 * Why a chain (PEM, the certificate first) must not be served, or undefined: it is fine. Looks at key, names, dates, and that each one is
 * signed by the next (RFC 8446 §4.4.2); public roots are not consulted.
 */
export const chainProblem = (pem: string, { key, names, now, roots }: Expected): string | undefined => {
  let chain: readonly X509Certificate[];
  try {
    chain = certificatesIn(pem);
  } catch {
    return "it cannot be read";
  }
  const [leaf] = chain;
  if (!leaf) return "there is no certificate in it";
  if (!leaf.checkPrivateKey(createPrivateKey(key))) return "it is for another key";
  if (leaf.ca) return "its first certificate is a CA";
  const covered = dnsNamesOf(leaf);
  const missing = names.filter((name) => !covered.includes(name.toLowerCase()));
  if (missing.length > 0) return `it does not name ${few(missing)}`;
  if (leaf.validFromDate.getTime() > now.getTime() + SKEW_MS) {
    return `it begins at ${day(leaf.validFromDate)} UTC and here it is ${day(now)}: look at this machine's clock`;
  }
  if (leaf.validToDate <= now)
    return `it ended at ${day(leaf.validToDate)} UTC and here it is ${day(now)}: look at this machine's clock`;
  const broken = linkProblem(chain);
  if (!broken && roots === undefined && chain.length === 1) return "the certificate of its issuer is missing";
  if (broken || roots === undefined || rootOf(pem, roots) !== undefined) return broken;
  return `its chain ends at "${issuerOf(chain)}", which is none of the roots of --acme-ca-file`;
};

/** Which of these roots (PEM) a chain (PEM) ends below, or in. Undefined: none. */
export const rootOf = (chain: string, roots: string): string | undefined => {
  const last = certificatesIn(chain).at(-1);
  const found = certificatesIn(roots).find(
    (root) =>
      last !== undefined &&
      (root.fingerprint256 === last.fingerprint256 || (last.checkIssued(root) && last.verify(root.publicKey))),
  );
  return found?.toString();
};

const issuerOf = (chain: readonly X509Certificate[]): string => chain.at(-1)?.issuer.replaceAll("\n", ", ") ?? "";

const linkProblem = (chain: readonly X509Certificate[]): string | undefined => {
  const broken = chain.findIndex((certificate, index) => {
    const issuer = chain[index + 1];
    return issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  });
  if (broken < 0) return undefined;
  const subject = (certificate: X509Certificate | undefined): string =>
    certificate?.subject?.replaceAll("\n", ", ") || dnsNamesOf(certificate as X509Certificate).join(", ");
  return `certificate ${broken + 1} (${subject(chain[broken])}) is not signed by "${subject(chain[broken + 1])}"`;
};
