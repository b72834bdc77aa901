import { hasTls, strategyOf, type TlsId, ids as tlsIds } from "../../certificates/index.ts";
import { CHANGING, NAMING, type OptionRow } from "../../config/option.ts";
import { anyText, directoryUrl, emailAddress, namespaceName, secretName } from "../../config/syntax.ts";

const wayMeans = (now: TlsId, before: TlsId): string => {
  if (!hasTls({ tls: now })) return "URLs begin with http://; https is not answered any more.";
  const scheme = !hasTls({ tls: before }) ? "URLs begin with https://. " : "";
  return `${scheme}The gateway serves another certificate, made by ${strategyOf(now).title}; clients have to trust that.`;
};

// biome-ignore format: a table is read row by row
export const options = [
  { key: "tls", kind: "choice", choices: tlsIds, group: "TLS", commands: CHANGING, completed: true, unset: "letsencrypt where records can be written, else self-signed", help: "Who makes the gateway's certificate", means: wayMeans },
  { key: "acmeEmail", kind: "text", value: "ADDRESS", syntax: emailAddress, group: "TLS", commands: CHANGING, unset: "none is given", help: "Where the CA may write to", means: (now) => (now ? "The CA is told with its next account." : "It is told to no CA any more.") },
  { key: "acmeDirectory", kind: "text", value: "URL", syntax: directoryUrl, belongsTo: ["tls"], group: "TLS", commands: CHANGING, unset: "the directory of the CA named by --tls", help: "Directory of any ACME CA (RFC 8555)", means: (now) => (now ? "A new certificate is ordered there." : "That CA is not asked any more.") },
  // The CA's own https, and what it issues, is verified with it.
  { key: "acmeCaFile", kind: "text", value: "FILE", syntax: anyText, group: "TLS", commands: [...CHANGING, "renew"], runOnly: true, unset: "the system's roots", help: "PEM file with the root of a private ACME CA" },
  { key: "acmeProfile", kind: "text", value: "NAME", syntax: anyText, belongsTo: ["tls", "acmeDirectory"], group: "TLS", commands: CHANGING, unset: "the CA's own default", help: "Kind of certificate, where the CA has several", means: () => "It counts from the next certificate on." },
  { key: "keyType", kind: "choice", choices: ["ecdsa", "rsa"], group: "TLS", commands: CHANGING, default: "ecdsa", help: "Key of certificates: ECDSA P-256 or RSA 2048", means: () => "It counts from the next certificate on." },
  { key: "tlsSecret", kind: "text", value: "NAMESPACE/NAME", syntax: secretName, group: "TLS", commands: CHANGING, unset: "needed with --tls secret", help: "The Secret that holds your certificate", means: (now) => (now ? "The gateway serves the certificate in that Secret." : "It is not served any more.") },
  { key: "http", kind: "choice", choices: ["redirect", "enabled"], group: "TLS", commands: CHANGING, completed: true, unset: "redirect with TLS, else enabled", help: "What plain http does", means: (now) => (now === "redirect" ? "Plain http is sent to https." : "Plain http is answered.") },
  { key: "namespaces", kind: "list", value: "NAME,...", syntax: namespaceName, group: "TLS", commands: NAMING, default: "", help: "With a nested template: namespaces that get a wildcard certificate each", means: () => "With nested hosts the certificate and the records are for these namespaces." },
  { key: "saveRoot", kind: "text", value: "FILE", syntax: anyText, only: "flag", group: "This command", commands: ["install", "status"], runOnly: true, unset: "it stays in the cluster", help: "Write the root that clients must trust to a file, and say how this machine does" },
] as const satisfies readonly OptionRow[];
