import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { dnsNamesOf } from "../ports/certificate-names.ts";
import { escapedName } from "../ports/dns-name.ts";
import { type Remedy, UserError } from "../ports/error.ts";
import { dataOf, type KubeObject, type ObjectRef, textAt } from "../ports/object.ts";
import { inNamespace, joined, type ShellCommand, sh } from "../ports/shell.ts";
import { covers } from "./names.ts";
import { certificatesIn, joinedLine, joinedWords } from "./pem.ts";
import { assertChain, subjectOf } from "./provided-chain.ts";

/** A certificate that somebody else obtained (`--tls secret`), found fit to be served. */
export interface Provided {
  /** dNSNames, lower case. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuer: string;
  /** `ECDSA P-256`, `RSA 2048`. */
  readonly key: string;
  /** PEM of the root up to which clients must verify; undefined: one of the public roots. */
  readonly ca: string | undefined;
  /** Hexadecimal SHA-256 of the certificate, lower case, first 16 digits, as {@link TlsSecret.fingerprint}. */
  readonly fingerprint: string;
  /** Problems that do not prevent its use. */
  readonly warnings: readonly { readonly summary: string; readonly remedy: Remedy }[];
}

const DAY = 86_400_000;

interface Subject {
  readonly place: string;
  readonly refuse: (id: string, what: string, remedy: Remedy, why?: string) => UserError;
  /** Makes the Secret from a pair of files. */
  readonly write: ShellCommand;
  /** Writes a new pair of files into the Secret. */
  readonly rewrite: ShellCommand;
  /** Prints every certificate in the Secret. */
  readonly print: ShellCommand;
}

const subject = ({ namespace = "default", name }: Pick<ObjectRef, "namespace" | "name">): Subject => ({
  place: `Secret ${namespace}/${name}`,
  refuse: (id, what, remedy, why) =>
    new UserError({ id: `tls-secret.${id}`, what, ...(why ? { why } : {}), remedy, kind: "input" }),
  write: sh`kubectl create secret tls ${name} -n ${namespace} --cert=fullchain.pem --key=privkey.pem`,
  rewrite: sh`kubectl create secret tls ${name} -n ${namespace} --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml | kubectl apply -f -`,
  print: sh`kubectl get secret ${name} -n ${namespace} -o jsonpath=${"{.data.tls\\.crt}"} | base64 -d | openssl storeutl -noout -text -certs /dev/stdin`,
});

const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString("latin1");

const parseChain = (about: Subject, pem: string, field: string): readonly X509Certificate[] => {
  const unreadable = (cause: string): UserError =>
    about.refuse("certificate", `${about.place}: ${field} holds no certificate that can be read (${cause}).`, {
      text: "Put the certificate there as PEM, the chain behind it:",
      command: about.rewrite,
    });
  if (pem.trim() === "") throw unreadable("it is empty");
  const joined = joinedLine(pem);
  if (joined !== undefined) throw unreadable(joinedWords(joined));
  try {
    const chain = certificatesIn(pem);
    if (chain.length > 0) return chain;
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error));
  }
  throw unreadable(
    pem.charCodeAt(0) === 0x30
      ? "it is DER, not PEM: openssl x509 -inform DER -in FILE"
      : "no line says BEGIN CERTIFICATE",
  );
};

const parseKey = (about: Subject, pem: string): KeyObject => {
  if (pem.includes("ENCRYPTED"))
    throw about.refuse("key", `${about.place}: the key in tls.key is encrypted; no gateway can ask for its password.`, {
      text: "Decrypt it, then write the Secret again:",
      command: joined(" && ", [sh`openssl pkey -in encrypted.pem -out privkey.pem`, about.rewrite]),
    });
  try {
    return createPrivateKey(pem);
  } catch {
    throw about.refuse("key", `${about.place}: tls.key holds no private key that can be read.`, {
      text: "Put the key there as PEM:",
      command: about.rewrite,
    });
  }
};

const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384" };

/** What every browser and Envoy accepts (CA/Browser Forum baseline requirements 6.1.5, without P-521, which browsers leave out). */
const keyName = (about: Subject, key: KeyObject): string => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const found = type === "ec" ? `ECDSA ${details?.namedCurve}` : `${type} ${details?.modulusLength ?? ""}`.trim();
  if (type === "rsa" && (details?.modulusLength ?? 0) >= 2048) return `RSA ${details?.modulusLength}`;
  const curve = type === "ec" ? CURVES[details?.namedCurve ?? ""] : undefined;
  if (curve) return `ECDSA ${curve}`;
  throw about.refuse(
    "key-type",
    `${about.place}: browsers do not accept a certificate with this key (${found}).`,
    {
      text: "Make a new key, and have a certificate issued for it:",
      command: sh`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out privkey.pem`,
    },
    "They accept ECDSA P-256 or P-384, and RSA with at least 2048 bits.",
  );
};

const assertNames = (about: Subject, found: readonly string[], wanted: readonly string[]): void => {
  const missing = wanted.filter((name) => !covers(found, name));
  if (missing.length === 0) return;
  const what =
    found.length === 0
      ? `${about.place}: the certificate has no dNSNames; clients do not look at its common name.`
      : `${about.place}: the certificate is for ${found.join(", ")}, and does not cover ${missing.join(", ")}.`;
  const parents = found.filter((name) => name.startsWith("*.")).map((name) => name.slice(2));
  const isDeeper = missing.some((name) => parents.some((parent) => name.endsWith(`.${parent}`)));
  const extension = `subjectAltName=${wanted.map((name) => `DNS:${name}`).join(",")}`;
  throw about.refuse(
    "names",
    what,
    {
      text: isDeeper
        ? "Make the URLs one level deep with --domain-template flat, or have a certificate issued for the names that are missing. A request for one:"
        : "Have a certificate issued for the names of the URLs. A request for one:",
      command: sh`openssl req -new -key privkey.pem -subj / -addext ${extension} -out request.pem`,
    },
    "A wildcard stands for exactly one label (RFC 6125 §6.4.3); a browser would refuse these URLs.",
  );
};

const assertUse = (about: Subject, leaf: X509Certificate): void => {
  // Absent: any use. Node's `keyUsage` is the extended one.
  const uses: readonly string[] | undefined = leaf.keyUsage;
  if (!uses?.length || uses.includes("1.3.6.1.5.5.7.3.1") || uses.includes("2.5.29.37.0")) return;
  throw about.refuse(
    "usage",
    `${about.place}: the certificate is not for servers (its extended key usage leaves serverAuth out).`,
    {
      text: "Have a server certificate issued. What this one is for:",
      command: about.print,
    },
  );
};

const assertDates = (about: Subject, chain: readonly X509Certificate[], now: Date): void => {
  for (const [index, certificate] of chain.entries()) {
    const which = index === 0 ? "the certificate" : `the certificate of its issuer ${subjectOf(certificate)}`;
    const renew = { text: "Get a new one and write it into the Secret:", command: about.rewrite };
    if (certificate.validToDate <= now)
      throw about.refuse(
        "expired",
        `${about.place}: ${which} expired at ${certificate.validToDate.toISOString()}.`,
        renew,
      );
    if (certificate.validFromDate > now)
      throw about.refuse(
        "not-yet",
        `${about.place}: ${which} is valid only from ${certificate.validFromDate.toISOString()}.`,
        { text: "Wait until then, or set this machine's clock right:", command: sh`date -u` },
        `This machine says that it is ${now.toISOString()}.`,
      );
  }
};

/** We do not renew this certificate, so we warn in its last 30 days, or in the last third of its lifetime if that is shorter. */
const nearEnd = (about: Subject, leaf: X509Certificate, now: Date): Provided["warnings"] => {
  const left = leaf.validToDate.getTime() - now.getTime();
  const lifetime = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
  if (left > Math.min(30 * DAY, lifetime / 3)) return [];
  const span = left < 2 * DAY ? `${Math.floor(left / 3_600_000)} hours` : `${Math.floor(left / DAY)} days`;
  return [
    {
      summary: `the certificate in ${about.place} ends in ${span}, and nobody here renews it`,
      remedy: { text: "Write the next one into the Secret, then run install again:", command: about.rewrite },
    },
  ];
};

/**
 * Judges what `--tls-secret` names before anything is changed: type, key, chain, dates, names, kind of key.
 * @param names what the URLs need (`Naming.wildcards`)
 * @throws UserError, exit 2: `tls-secret.missing`, `.type`, `.certificate`, `.key`, `.key-type`, `.mismatch`, `.order`, `.stranger`,
 *   `.incomplete`, `.usage`, `.expired`, `.not-yet`, `.names`
 */
export const inspectProvided = (
  ref: Pick<ObjectRef, "namespace" | "name">,
  secret: KubeObject | undefined,
  names: readonly string[],
  now: Date,
): Provided => {
  const about = subject(ref);
  if (!secret)
    throw about.refuse("missing", `${about.place} does not exist.`, {
      text: "Make it from the certificate's chain and its key:",
      command: about.write,
    });
  if (secret.type !== "kubernetes.io/tls")
    throw about.refuse(
      "type",
      `${about.place} is of type ${textAt(secret, "type") || "Opaque"}, not kubernetes.io/tls.`,
      {
        text: "The type of a Secret cannot be changed: delete it and make it again.",
        command: joined(" && ", [sh`kubectl delete secret ${ref.name} ${inNamespace(ref.namespace)}`, about.write]),
      },
      "Gateways look for tls.crt and tls.key, and the type promises both.",
    );
  const data = dataOf(secret);
  const chain = parseChain(about, decode(data["tls.crt"]), "tls.crt");
  const key = parseKey(about, decode(data["tls.key"]));
  const authorities = data["ca.crt"] ? parseChain(about, decode(data["ca.crt"]), "ca.crt") : [];
  const root = assertChain({ chain, key, authorities, ...about });
  const leaf = chain[0] as X509Certificate;
  const kind = keyName(about, key);
  assertUse(about, leaf);
  assertDates(about, chain, now);
  const found = dnsNamesOf(leaf).map(escapedName);
  assertNames(about, found, names);
  return {
    names: found,
    notBefore: leaf.validFromDate,
    notAfter: leaf.validToDate,
    issuer: leaf.issuer,
    key: kind,
    ca: root?.toString(),
    fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase().slice(0, 16),
    warnings: nearEnd(about, leaf, now),
  };
};
