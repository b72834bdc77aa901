import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { type Finding, ok, warn } from "../core/check.ts";
import type { BadFinding } from "../core/finding-error.ts";
import { dnsNamesOf } from "../ports/certificate-names.ts";
import { escapedName } from "../ports/dns-name.ts";
import type { Remedy } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import { dataOf, type KubeObject, type ObjectRef, textAt } from "../ports/object.ts";
import { inNamespace, joined, type ShellCommand, sh } from "../ports/shell.ts";
import { covers } from "./names.ts";
import { certificatesIn, joinedLine, joinedWords } from "./pem.ts";
import { brokenChain, oneLine, subjectOf } from "./provided-chain.ts";

const DAY = 86_400_000;

interface Subject {
  readonly place: string;
  readonly refuse: (id: string, what: string, remedy: Remedy, why?: string) => BadFinding;
  /** Makes the Secret from a pair of files. */
  readonly write: ShellCommand;
  /** Writes a new pair of files into the Secret. */
  readonly rewrite: ShellCommand;
  /** Prints every certificate in the Secret. */
  readonly print: ShellCommand;
}

/** What is wrong, where it is not the certificate. */
const FIELDS: Readonly<Record<string, string>> = {
  missing: "",
  type: ".type",
  key: '.data["tls.key"]',
  "key-type": '.data["tls.key"]',
};

const subject = ({ namespace = "default", name }: Pick<ObjectRef, "namespace" | "name">): Subject => ({
  place: `Secret ${namespace}/${name}`,
  refuse: (id, what, remedy, why) => ({
    status: "fail",
    permanent: true,
    summary: what,
    remedy,
    error: { id: `tls-secret.${id}`, ...(why ? { why } : {}), kind: "input" },
    evidence: [
      { object: { apiVersion: "v1", kind: "Secret", namespace, name }, field: FIELDS[id] ?? '.data["tls.crt"]' },
    ],
  }),
  write: sh`kubectl create secret tls ${name} -n ${namespace} --cert=fullchain.pem --key=privkey.pem`,
  rewrite: sh`kubectl create secret tls ${name} -n ${namespace} --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml | kubectl apply -f -`,
  print: sh`kubectl get secret ${name} -n ${namespace} -o jsonpath=${"{.data.tls\\.crt}"} | base64 -d | openssl storeutl -noout -text -certs /dev/stdin`,
});

const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString("latin1");

const parseChain = (about: Subject, pem: string, field: string): readonly X509Certificate[] | BadFinding => {
  const unreadable = (cause: string): BadFinding =>
    about.refuse("certificate", `${about.place}: ${field} holds no certificate that can be read (${cause}).`, {
      text: "Put the certificate there as PEM, the chain behind it:",
      command: about.rewrite,
    });
  if (pem.trim() === "") return unreadable("it is empty");
  const joined = joinedLine(pem);
  if (joined !== undefined) return unreadable(joinedWords(joined));
  try {
    const chain = certificatesIn(pem);
    if (chain.length > 0) return chain;
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
  return unreadable(
    pem.charCodeAt(0) === 0x30
      ? "it is DER, not PEM: openssl x509 -inform DER -in FILE"
      : "no line says BEGIN CERTIFICATE",
  );
};

const parseKey = (about: Subject, pem: string): KeyObject | BadFinding => {
  if (pem.includes("ENCRYPTED"))
    return about.refuse(
      "key",
      `${about.place}: the key in tls.key is encrypted; no gateway can ask for its password.`,
      {
        text: "Decrypt it, then write the Secret again:",
        command: joined(" && ", [sh`openssl pkey -in encrypted.pem -out privkey.pem`, about.rewrite]),
      },
    );
  try {
    return createPrivateKey(pem);
  } catch {
    return about.refuse("key", `${about.place}: tls.key holds no private key that can be read.`, {
      text: "Put the key there as PEM:",
      command: about.rewrite,
    });
  }
};

const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384" };

/** What every browser and Envoy accepts (CA/Browser Forum baseline requirements 6.1.5, without P-521, which browsers leave out). */
const keyName = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined => {
  if (type === "rsa" && (details?.modulusLength ?? 0) >= 2048) return `RSA ${details?.modulusLength}`;
  const curve = type === "ec" ? CURVES[details?.namedCurve ?? ""] : undefined;
  return curve && `ECDSA ${curve}`;
};

const keyProblem = (about: Subject, key: KeyObject): BadFinding | undefined => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (keyName(key)) return undefined;
  const found = type === "ec" ? `ECDSA ${details?.namedCurve}` : `${type} ${details?.modulusLength ?? ""}`.trim();
  return about.refuse(
    "key-type",
    `${about.place}: browsers do not accept a certificate with this key (${found}).`,
    {
      text: "Make a new key, and have a certificate issued for it:",
      command: sh`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out privkey.pem`,
    },
    "They accept ECDSA P-256 or P-384, and RSA with at least 2048 bits.",
  );
};

const namesProblem = (about: Subject, found: readonly string[], wanted: readonly string[]): BadFinding | undefined => {
  const missing = wanted.filter((name) => !covers(found, name));
  if (missing.length === 0) return undefined;
  const what =
    found.length === 0
      ? `${about.place}: the certificate has no dNSNames; clients do not look at its common name.`
      : `${about.place}: the certificate is for ${found.join(", ")}, and does not cover ${missing.join(", ")}.`;
  const parents = found.filter((name) => name.startsWith("*.")).map((name) => name.slice(2));
  const isDeeper = missing.some((name) => parents.some((parent) => name.endsWith(`.${parent}`)));
  const extension = `subjectAltName=${wanted.map((name) => `DNS:${name}`).join(",")}`;
  return about.refuse(
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

const useProblem = (about: Subject, leaf: X509Certificate): BadFinding | undefined => {
  // Absent: any use. Node's `keyUsage` is the extended one.
  const uses: readonly string[] | undefined = leaf.keyUsage;
  if (!uses?.length || uses.includes("1.3.6.1.5.5.7.3.1") || uses.includes("2.5.29.37.0")) return undefined;
  return about.refuse(
    "usage",
    `${about.place}: the certificate is not for servers (its extended key usage leaves serverAuth out).`,
    {
      text: "Have a server certificate issued. What this one is for:",
      command: about.print,
    },
  );
};

const datesProblem = (about: Subject, chain: readonly X509Certificate[], now: Date): BadFinding | undefined => {
  for (const [index, certificate] of chain.entries()) {
    const which = index === 0 ? "the certificate" : `the certificate of its issuer ${subjectOf(certificate)}`;
    const renew = { text: "Get a new one and write it into the Secret:", command: about.rewrite };
    if (certificate.validToDate <= now)
      return about.refuse(
        "expired",
        `${about.place}: ${which} expired at ${certificate.validToDate.toISOString()}.`,
        renew,
      );
    if (certificate.validFromDate > now)
      return about.refuse(
        "not-yet",
        `${about.place}: ${which} is valid only from ${certificate.validFromDate.toISOString()}.`,
        { text: "Wait until then, or set this machine's clock right:", command: sh`date -u` },
        `This machine says that it is ${now.toISOString()}.`,
      );
  }
  return undefined;
};

/** We do not renew this certificate, so we warn in its last 30 days, or in the last third of its lifetime if that is shorter. */
const nearEnd = (about: Subject, leaf: X509Certificate, now: Date): Finding | undefined => {
  const left = leaf.validToDate.getTime() - now.getTime();
  const lifetime = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
  if (left > Math.min(30 * DAY, lifetime / 3)) return undefined;
  const span = left < 2 * DAY ? `${Math.floor(left / 3_600_000)} hours` : `${Math.floor(left / DAY)} days`;
  return warn(`the certificate in ${about.place} ends in ${span}, and nobody here renews it`, {
    text: "Write the next one into the Secret, then run install again:",
    command: about.rewrite,
  });
};

const isRefused = (value: object): value is BadFinding => "status" in value;

/**
 * Judges a certificate that somebody else obtained (`--tls secret`): type, key, chain, dates, names, kind of key. Not fit: errors
 * `tls-secret.missing`, `.type`, `.certificate`, `.key`, `.key-type`, `.mismatch`, `.order`, `.stranger`, `.incomplete`, `.usage`,
 * `.expired`, `.not-yet`, `.names` (exit code 2). Near its end: `warn`.
 * @param names what the URLs need (`Naming.wildcards`)
 */
export const judgeProvided = (
  ref: Pick<ObjectRef, "namespace" | "name">,
  secret: KubeObject | undefined,
  names: readonly string[],
  now: Date,
): Finding => {
  const about = subject(ref);
  if (!secret)
    return about.refuse("missing", `${about.place} does not exist.`, {
      text: "Make it from the certificate's chain and its key:",
      command: about.write,
    });
  if (secret.type !== "kubernetes.io/tls")
    return about.refuse(
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
  if (isRefused(chain)) return chain;
  const key = parseKey(about, decode(data["tls.key"]));
  if (isRefused(key)) return key;
  const authorities = data["ca.crt"] ? parseChain(about, decode(data["ca.crt"]), "ca.crt") : [];
  if (isRefused(authorities)) return authorities;
  const broken = brokenChain({ chain, key, authorities, ...about });
  if (broken) return broken;
  const leaf = chain[0] as X509Certificate;
  const found = dnsNamesOf(leaf).map(escapedName);
  const notAfter = leaf.validToDate.toISOString();
  const root = oneLine(chain.at(-1)?.issuer);
  return (
    keyProblem(about, key) ??
    useProblem(about, leaf) ??
    datesProblem(about, chain, now) ??
    namesProblem(about, found, names) ??
    nearEnd(about, leaf, now) ??
    ok(`${few(found)} until ${notAfter.slice(0, 10)}, ${keyName(key)}, up to ${root}`, {
      facts: { names: found, notAfter },
    })
  );
};
