import { ids as tlsIds } from "../certificates/index.ts";
import { ids as dnsIds } from "../dns/index.ts";
import { ids as ingressIds } from "../ingress/index.ts";
import type { Config } from "./config.ts";
import { didYouMean } from "./similar.ts";
import {
  anyText,
  checkId,
  directoryUrl,
  domainName,
  emailAddress,
  hostOrAddress,
  imageName,
  imageRegistry,
  mirrorUrl,
  namespaceName,
  objectName,
  type Problem,
  registryHost,
  resolverAddress,
  roleName,
  type Syntax,
  secretName,
  version,
  zoneId,
} from "./syntax.ts";

export const COMMAND_NAMES = [
  "install",
  "plan",
  "render",
  "rehearse",
  "status",
  "renew",
  "iam-policy",
  "uninstall",
  "completion",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** Flags that say what one command should do this once; they are in no file and no Config. */
export interface CommandFlags {
  /** The word behind the command, of those that take one. */
  readonly argument?: string;
  readonly exitCode: boolean;
  readonly services: boolean;
  readonly deleteWorkloads: boolean;
  readonly purge: boolean;
  readonly keepRecords: boolean;
  readonly installCronjob: boolean;
  readonly removeCronjob: boolean;
  readonly rollAccountKey: boolean;
  readonly check: boolean;
  readonly image?: string;
  readonly roleArn?: string;
  readonly credentialsSecret?: string;
  /** Nothing that was chosen before counts. */
  readonly resetChoices: boolean;
  /** Names of options of which nothing counts that was chosen before. */
  readonly resetChoice: readonly string[];
  /** Of the rehearsal's server, `1.30`. */
  readonly kubernetes?: string;
  /** As they were written; the rehearsal knows what there is. */
  readonly fault: readonly string[];
}

export type Group =
  | "Cluster"
  | "Knative"
  | "Ingress and domain"
  | "TLS"
  | "Releases and images"
  | "Running"
  | "Output"
  | "This command";

/**
 * One row of the table that flags, environment variables, keys of the file, JSON Schema, help and docs are made from.
 * Secrets have no row: they come from the kubeconfig and the usual credential chains (house rule 17).
 */
export interface Option {
  /** Its kebab-case form is the flag and the key in the file, `KN_BOOTSTRAP_…` the variable. */
  readonly key: keyof Config | keyof CommandFlags | "config";
  readonly kind: "text" | "choice" | "boolean" | "list" | "duration";
  readonly group: Group;
  readonly help: string;
  /** What stands for the value in help: `FILE`. */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  /** For texts and items of lists. */
  readonly syntax?: Syntax;
  /** As it would be written. Absent: it depends, `unset` says on what. */
  readonly default?: string;
  readonly unset?: string;
  readonly commands: readonly CommandName[];
  /** Where else than in a flag it may be written; default everywhere. */
  readonly only?: "flag" | "flag or environment";
  /** It says how to run, not what the installation is: not kept in the cluster, not compared. */
  readonly runOnly?: true;
  /** What was chosen before for this one falls away when one of these becomes another. */
  readonly belongsTo?: readonly (keyof Config)[];
}

const CHANGING: readonly CommandName[] = ["install", "plan", "render", "rehearse"];
/** Servers that a rehearsal can have: from what the oldest known Knative needs to what the newest has been seen on. */
const SERVERS = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
/** Those that are about names: a policy for them needs no cluster. */
const NAMING: readonly CommandName[] = [...CHANGING, "iam-policy"];
/** Those that do something; the others only print what the program knows. */
export const ALL: readonly CommandName[] = COMMAND_NAMES.filter((name) => name !== "completion");
const AT_A_CLUSTER: readonly CommandName[] = ALL.filter((name) => name !== "iam-policy");

// biome-ignore format: a table is read row by row
export const OPTIONS: readonly Option[] = [
  { key: "exitCode", kind: "boolean", only: "flag", group: "This command", commands: ["plan"], runOnly: true, default: "false", help: "Exit with 3 when changes are waiting" },
  { key: "services", kind: "boolean", only: "flag", group: "This command", commands: ["status"], runOnly: true, default: "false", help: "List every Knative Service" },
  { key: "deleteWorkloads", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Delete Knative Services and what else is in the namespaces" },
  { key: "purge", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Remove the namespace kn-bootstrap too: certificates and state" },
  { key: "keepRecords", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Leave the DNS records; no DNS provider is asked" },
  { key: "kubernetes", kind: "choice", choices: SERVERS, value: "VERSION", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "the newest known", help: "Kubernetes of the rehearsal's cluster, 1.28 to 1.36" },
  { key: "fault", kind: "list", value: "NAME,...", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, default: "", help: "What goes wrong, see help rehearse: NAME or NAME:PARAMETER" },
  { key: "resetChoices", kind: "boolean", only: "flag", group: "This command", commands: CHANGING, runOnly: true, default: "false", help: "Start from the defaults, not from what was chosen before; see help config" },
  { key: "resetChoice", kind: "list", value: "NAME,...", syntax: choiceName, only: "flag", group: "This command", commands: CHANGING, runOnly: true, default: "", help: "Options, such as address, of which nothing counts that was chosen before" },
  { key: "installCronjob", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Let a CronJob renew from now on; see help renewal" },
  { key: "image", kind: "text", value: "REF", syntax: imageName, only: "flag", group: "This command", commands: ["renew"], runOnly: true, unset: "needed with --install-cronjob", help: "Image of kn-bootstrap that the nodes can pull" },
  { key: "roleArn", kind: "text", value: "ARN", syntax: roleName, only: "flag", group: "This command", commands: ["renew"], runOnly: true, unset: "none", help: "IAM role of the CronJob's account (EKS), for Route 53" },
  { key: "credentialsSecret", kind: "text", value: "NAME", syntax: objectName, only: "flag", group: "This command", commands: ["renew"], runOnly: true, unset: "none", help: "Secret in namespace kn-bootstrap whose keys become the CronJob's environment" },
  { key: "rollAccountKey", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Give the account at the CA a new key; the certificate stays" },
  { key: "removeCronjob", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Remove the CronJob, its account and its rights" },
  { key: "check", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Find out whether a renewal would work; change nothing. Exit with 3 if not" },

  { key: "kubeconfig", kind: "text", value: "FILE", syntax: anyText, group: "Cluster", commands: AT_A_CLUSTER, runOnly: true, unset: "$KUBECONFIG, else ~/.kube/config", help: "Kubeconfig file" },
  { key: "context", kind: "text", value: "NAME", syntax: anyText, group: "Cluster", commands: AT_A_CLUSTER, runOnly: true, unset: "the current one", help: "Context in the kubeconfig" },

  { key: "knativeVersion", kind: "text", value: "VERSION", syntax: version, group: "Knative", commands: CHANGING, unset: "the installed one, else the newest that the server can run", help: "Knative minor such as 1.23, or one patch of it" },
  { key: "hpa", kind: "boolean", group: "Knative", commands: CHANGING, default: "false", help: "Install the autoscaler for Services of class HPA" },
  { key: "logging", kind: "choice", choices: ["none", "request-logs"], group: "Knative", commands: CHANGING, default: "none", help: "Logs to turn on" },
  { key: "skipTagResolution", kind: "list", value: "HOST,...", syntax: registryHost, group: "Knative", commands: CHANGING, default: "", help: "Registries whose tags Knative must not resolve to digests" },

  { key: "ingress", kind: "choice", choices: ingressIds, group: "Ingress and domain", commands: CHANGING, default: "kourier", help: "Network layer" },
  { key: "expose", kind: "choice", choices: ["loadbalancer", "nodeport"], group: "Ingress and domain", commands: CHANGING, default: "loadbalancer", help: "How the gateway is reached; nodeport uses 31080 and 31443" },
  { key: "address", kind: "text", value: "HOST", syntax: hostOrAddress, belongsTo: ["expose"], group: "Ingress and domain", commands: CHANGING, unset: "what the cluster says", help: "IP address or host name of the gateway, where the cluster cannot tell" },
  { key: "domain", kind: "text", value: "NAME", syntax: domainName, group: "Ingress and domain", commands: NAMING, unset: "made from the address by magic DNS", help: "Base domain of every URL" },
  { key: "dns", kind: "choice", choices: dnsIds, group: "Ingress and domain", commands: CHANGING, unset: "none with --domain, else magic", help: "Who makes the domain point at the gateway" },
  { key: "dnsZoneId", kind: "text", value: "ID", syntax: zoneId, belongsTo: ["domain", "dns"], group: "Ingress and domain", commands: NAMING, unset: "the zone that the parent delegates to", help: "The hosted zone to write to, where there are several" },
  { key: "dnsResolver", kind: "text", value: "HOST:PORT", syntax: resolverAddress, group: "Ingress and domain", commands: ALL, runOnly: true, unset: "the system's resolver", help: "Resolver that every look at the DNS starts from" },
  { key: "domainTemplate", kind: "text", value: "TEMPLATE", syntax: anyText, group: "Ingress and domain", commands: NAMING, unset: "flat with TLS, else nested", help: "Host of a Service: flat, nested, or a Go template" },

  { key: "tls", kind: "choice", choices: tlsIds, group: "TLS", commands: CHANGING, unset: "letsencrypt where records can be written, else self-signed", help: "Who makes the gateway's certificate" },
  { key: "acmeEmail", kind: "text", value: "ADDRESS", syntax: emailAddress, group: "TLS", commands: CHANGING, unset: "none is given", help: "Where the CA may write to" },
  { key: "acmeDirectory", kind: "text", value: "URL", syntax: directoryUrl, belongsTo: ["tls"], group: "TLS", commands: CHANGING, unset: "the directory of the CA named by --tls", help: "Directory of any ACME CA (RFC 8555)" },
  { key: "acmeCaFile", kind: "text", value: "FILE", syntax: anyText, group: "TLS", commands: [...CHANGING, "renew"], runOnly: true, unset: "the system's roots", help: "PEM file with the root of a private ACME CA" },
  { key: "acmeProfile", kind: "text", value: "NAME", syntax: anyText, belongsTo: ["tls", "acmeDirectory"], group: "TLS", commands: CHANGING, unset: "the CA's own default", help: "Kind of certificate, where the CA has several" },
  { key: "keyType", kind: "choice", choices: ["ecdsa", "rsa"], group: "TLS", commands: CHANGING, default: "ecdsa", help: "Key of certificates: ECDSA P-256 or RSA 2048" },
  { key: "tlsSecret", kind: "text", value: "NAMESPACE/NAME", syntax: secretName, group: "TLS", commands: CHANGING, unset: "needed with --tls secret", help: "The Secret that holds your certificate" },
  { key: "http", kind: "choice", choices: ["redirect", "enabled"], group: "TLS", commands: CHANGING, unset: "redirect with TLS, else enabled", help: "What plain http does" },
  { key: "namespaces", kind: "list", value: "NAME,...", syntax: namespaceName, group: "TLS", commands: NAMING, default: "", help: "With a nested template: namespaces that get a wildcard certificate each" },

  { key: "manifests", kind: "text", value: "DIR", syntax: anyText, group: "Releases and images", commands: CHANGING, runOnly: true, unset: "the cache, else the network", help: "Read releases from this directory" },
  { key: "releaseMirror", kind: "text", value: "URL", syntax: mirrorUrl, group: "Releases and images", commands: CHANGING, runOnly: true, unset: "github.com", help: "Download releases from here" },
  { key: "imageRegistry", kind: "text", value: "HOST/PATH", syntax: imageRegistry, group: "Releases and images", commands: CHANGING, unset: "as in the releases", help: "Take every image from this registry; tags and digests are kept" },

  { key: "config", kind: "text", value: "FILE", syntax: anyText, only: "flag or environment", group: "Running", commands: ALL, runOnly: true, unset: "no file", help: "Read options from a YAML file" },
  { key: "yes", kind: "boolean", short: "y", group: "Running", commands: [...CHANGING, "renew", "uninstall"], runOnly: true, default: "false", help: "Do not ask before changing anything" },
  { key: "timeout", kind: "duration", value: "TIME", group: "Running", commands: ALL, runOnly: true, default: "10m", help: "Longest that a step may take: 600, 10m, 1h30m" },
  { key: "takeOwnership", kind: "boolean", group: "Running", commands: CHANGING, runOnly: true, default: "false", help: "Change fields that somebody else owns; the plan lists them first" },
  { key: "skipChecks", kind: "list", value: "ID,...", syntax: checkId, group: "Running", commands: CHANGING, runOnly: true, default: "", help: "Run without these checks: cluster.version, cluster.capacity, knative.owner before anything is done, proof.zero at its end" },

  { key: "output", kind: "choice", short: "o", choices: ["text", "json"], group: "Output", commands: ALL, runOnly: true, default: "text", help: "Form of the result; json is one event per line" },
  { key: "report", kind: "text", value: "FILE", syntax: anyText, group: "Output", commands: ["install", "rehearse", "renew", "uninstall"], runOnly: true, unset: "no page", help: "Write one HTML page about the run: plan, timeline, topology, checks" },
  { key: "quiet", kind: "boolean", short: "q", group: "Output", commands: ALL, runOnly: true, default: "false", help: "No progress, only warnings and the result" },
  { key: "verbose", kind: "boolean", short: "v", group: "Output", commands: COMMAND_NAMES, runOnly: true, default: "false", help: "Every object, every check, and the stack of a bug" },
  { key: "color", kind: "boolean", group: "Output", commands: COMMAND_NAMES, runOnly: true, unset: "on a terminal, unless NO_COLOR is set", help: "Colours; --no-color turns them off" },
];

/** Name of an option: its flag without dashes, and its key in the file. */
export const nameOf = ({ key }: Pick<Option, "key">): string =>
  key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const flagOf = (option: Pick<Option, "key">): string => `--${nameOf(option)}`;

export const ENV_PREFIX = "KN_BOOTSTRAP_";
export const envOf = (option: Pick<Option, "key">): string =>
  ENV_PREFIX + nameOf(option).replaceAll("-", "_").toUpperCase();

export const optionsOf = (command: CommandName): readonly Option[] =>
  OPTIONS.filter((option) => option.commands.includes(command));

/** Those that may stand in the environment, and in the file. */
export const inEnvironment: readonly Option[] = OPTIONS.filter((option) => option.only !== "flag");
export const inFile: readonly Option[] = OPTIONS.filter((option) => option.only === undefined);
/** What the cluster keeps: those that describe the installation. Its versions are kept themselves, not what was asked of them. */
export const CHOICES: readonly (Option & { readonly key: keyof Config })[] = inFile.filter(
  (option): option is Option & { readonly key: keyof Config } => !option.runOnly && option.key !== "knativeVersion",
);

/** The name of a choice; its flag is fine too. */
function choiceName(text: string): string | Problem {
  const names = CHOICES.map(nameOf);
  const name = text.trim().replace(/^--/, "");
  if (names.includes(name)) return name;
  return {
    why: "It is no option of which the cluster keeps what was chosen.",
    remedy: didYouMean(name, names, `These are: ${names.join(", ")}.`),
  };
}

/** The default as people read it. */
export const defaultText = (option: Option): string =>
  option.unset ?? (option.default === "" ? "none" : (option.default ?? ""));
