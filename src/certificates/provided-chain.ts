import type { KeyObject, X509Certificate } from "node:crypto";
import { X509Certificate as Certificate, createPublicKey } from "node:crypto";
import { rootCertificates } from "node:tls";
import type { BadFinding } from "../core/finding-error.ts";
import type { Remedy } from "../ports/error.ts";
import { joined, type ShellCommand, sh } from "../ports/shell.ts";

export interface ChainToJudge {
  /** As tls.crt has them. */
  readonly chain: readonly X509Certificate[];
  readonly key: KeyObject;
  /** As ca.crt has them; empty: there is none. */
  readonly authorities: readonly X509Certificate[];
  /** `Secret default/tls` */
  readonly place: string;
  readonly refuse: (id: string, what: string, remedy: Remedy, why?: string) => BadFinding;
  readonly rewrite: ShellCommand;
  readonly print: ShellCommand;
}

/** The subject on one line, `CN=R3, O=Example`, most specific first; what else there is to tell it by when it is empty. */
export const subjectOf = (certificate: X509Certificate): string =>
  oneLine(certificate.subject) || `with the serial number ${certificate.serialNumber}`;

/** A distinguished name on one line. */
export const oneLine = (name: string | undefined): string => (name ?? "").split("\n").reverse().join(", ");

const signedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const isSelfSigned = (certificate: X509Certificate): boolean => signedBy(certificate, certificate);

const isPublic = (certificate: X509Certificate): boolean =>
  rootCertificates.some((pem) => {
    const root = new Certificate(pem);
    return root.subject === certificate.issuer && signedBy(certificate, root);
  });

/** The chain that the certificates would make from this one on, whatever order they are in. */
const sorted = (leaf: X509Certificate, all: readonly X509Certificate[]): readonly X509Certificate[] => {
  const result = [leaf];
  for (let last: X509Certificate | undefined = leaf; last && !isSelfSigned(last); ) {
    const current: X509Certificate = last;
    last = all.find((candidate) => !result.includes(candidate) && signedBy(current, candidate));
    if (last) result.push(last);
  }
  return result;
};

/** Where a CA says that its own certificate can be had (RFC 5280 §4.2.2.1). */
const issuerUrl = (certificate: X509Certificate): string | undefined =>
  /CA Issuers - URI:(\S+)/.exec(certificate.infoAccess ?? "")?.[1];

/**
 * The key belongs to the first certificate, each is signed by the next, and the last leads to a root that is known: a public one, one in
 * ca.crt, or itself. Undefined: so it is. Otherwise what `refuse` makes, ids `mismatch`, `order`, `stranger`, `incomplete`.
 */
export const brokenChain = (subject: ChainToJudge): BadFinding | undefined => {
  const { chain, key, authorities, place, refuse, rewrite, print } = subject;
  const owned = publicPart(key);
  const position = chain.findIndex((certificate) => publicPart(certificate.publicKey) === owned);
  const leaf = chain[position];
  if (!leaf)
    return refuse(
      "mismatch",
      `${place}: the key in tls.key does not belong to the certificate ${chain[0] ? subjectOf(chain[0]) : ""}.`,
      { text: "Write the Secret again with the key that the certificate was requested with:", command: rewrite },
      "The same public key must come out of both: openssl x509 -in fullchain.pem -noout -pubkey; openssl pkey -in privkey.pem -pubout.",
    );

  const right = sorted(leaf, chain);
  const last = right.at(-1) ?? leaf;
  const isTrusted = isSelfSigned(last) || isPublic(last) || authorities.some((candidate) => signedBy(last, candidate));
  const stranger = chain.find((certificate) => !right.includes(certificate));
  if (!isTrusted) return incomplete(subject, last);
  if (stranger)
    return refuse("stranger", `${place}: tls.crt also holds ${subjectOf(stranger)}, which signed none of the others.`, {
      text: "Leave it out. What is there:",
      command: print,
    });
  if (right.some((certificate, index) => chain[index] !== certificate))
    return refuse(
      "order",
      `${place}: the certificates in tls.crt are in the wrong order.`,
      { text: "Put them in the right order into one file, then write the Secret again:", command: rewrite },
      `The right order: ${right.map(subjectOf).join("; then ")}. Each must be signed by the next (RFC 8446 §4.4.2).`,
    );
  return undefined;
};

const publicPart = (key: KeyObject): string =>
  (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "der" }).toString("base64");

const incomplete = ({ place, refuse, rewrite }: ChainToJudge, last: X509Certificate): BadFinding => {
  const url = issuerUrl(last);
  const added = url
    ? sh`curl -s ${url} | openssl x509 -inform DER >> fullchain.pem`
    : sh`cat issuer.pem >> fullchain.pem`;
  return refuse(
    "incomplete",
    `${place}: the certificate that signed ${subjectOf(last)} is missing: ${oneLine(last.issuer)}.`,
    {
      text: "Add it behind the others. If it is your own root, which your clients have, put it into the key ca.crt of the Secret instead.",
      command: joined(" && ", [added, rewrite]),
    },
    "Browsers and curl do not fetch what is missing between a certificate and a root that they know.",
  );
};
