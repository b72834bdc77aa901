import { options as canary } from "../steps/canary/options.ts";
import { options as doctor } from "../steps/doctor/options.ts";
import { options as gatewayCertificate } from "../steps/gateway-certificate/options.ts";
import { options as hello } from "../steps/hello/options.ts";
import { options as hpa } from "../steps/hpa/options.ts";
import { options as ingress } from "../steps/ingress/options.ts";
import { options as logging } from "../steps/logging/options.ts";
import { options as mesh } from "../steps/mesh/options.ts";
import { options as metrics } from "../steps/metrics/options.ts";
import { options as records } from "../steps/records/options.ts";
import { options as renewal } from "../steps/renewal/options.ts";
import { options as serving } from "../steps/serving/options.ts";
import { options as logs } from "./logs.ts";
import {
  ALL,
  AT_A_CLUSTER,
  CHANGING,
  CHOOSING,
  COMMAND_NAMES,
  type CommandName,
  type OptionRow,
  type ValuesOf,
} from "./option.ts";
import { didYouMean } from "./similar.ts";
import { SKIPPABLE } from "./skippable.ts";
import {
  anyText,
  checkId,
  days,
  imageRegistry,
  mirrorUrl,
  moment,
  nodeSizes,
  type Problem,
  version,
} from "./syntax.ts";

export { ALL, COMMAND_NAMES, type CommandName } from "./option.ts";

/** Servers that a rehearsal can have: from what the oldest known Knative needs to what the newest has been seen on. */
const SERVERS = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];

/** Whose clusters a rehearsal knows (src/sandbox/clouds/). */
const RUNS_ON = ["eks", "gke", "aks", "kind", "k3s", "openshift"] as const;

/** How somebody else may have installed Istio, as the rehearsal knows it (src/sandbox/istio/shapes/). */
const ISTIO_SHAPES = ["istioctl", "helm", "two-gateways", "revision", "service-mesh-2", "service-mesh-3"] as const;

// biome-ignore format: a table is read row by row
const ofCommands = [
  { key: "exitCode", kind: "boolean", only: "flag", group: "This command", commands: ["plan"], runOnly: true, default: "false", help: "Exit with 3 when changes are waiting" },
  { key: "services", kind: "boolean", only: "flag", group: "This command", commands: ["status"], runOnly: true, default: "false", help: "List every Knative Service" },
  { key: "save", kind: "text", value: "FILE", syntax: anyText, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "nothing is kept", help: "Keep all that was read, without secrets, to be looked at elsewhere" },
  { key: "from", kind: "text", value: "FILE", syntax: anyText, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "the cluster", help: "Look at what --save has kept; no cluster is asked" },
  { key: "at", kind: "text", value: "DATE", syntax: moment, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "now, or when it was kept", help: "Judge ages and certificates as of then: 2026-11-30 or 2026-11-30T08:00:00Z" },
  { key: "checks", flag: "check", kind: "list", value: "ID,...", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "all", help: "Only these checks and what they need: an id, or an area such as dns" },
  { key: "skip", kind: "list", value: "ID,...", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "", help: "Leave these out: ids or areas" },
  { key: "listChecks", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "List every check" },
  { key: "explain", kind: "text", value: "ID", syntax: anyText, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "no explanation", help: "What a check looks at, why it matters, what to do" },
  { key: "contexts", kind: "list", value: "NAME,...", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "the current one", help: "Look at several clusters at once, by their contexts" },
  { key: "allContexts", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "Look at every cluster of the kubeconfig" },
  { key: "watch", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "Look again and again until nothing is wrong" },
  { key: "fix", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "Show what can be mended safely, ask, and do it; with --from show only" },
  { key: "failOn", kind: "choice", choices: ["fail", "warn"], only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "fail", help: "From what on the exit code is 1" },
  { key: "format", kind: "choice", choices: ["text", "short", "json", "junit", "markdown", "sarif"], only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "that of --output", help: "Form of the findings" },
  { key: "deleteWorkloads", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Delete Knative Services and what else is in the namespaces" },
  { key: "purge", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Remove the namespace kn-bootstrap too: certificates and state" },
  { key: "keepRecords", kind: "boolean", only: "flag", group: "This command", commands: ["uninstall"], runOnly: true, default: "false", help: "Leave the DNS records; no DNS provider is asked" },
  { key: "kubernetes", kind: "choice", choices: SERVERS, value: "VERSION", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "the newest known", help: "Kubernetes of the rehearsal's cluster, 1.28 to 1.36" },
  { key: "cloud", kind: "choice", choices: RUNS_ON, only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "none in particular", help: "Whose cluster the rehearsal's is like: its nodes, load balancers, storage" },
  { key: "nodes", kind: "text", value: "NODES", syntax: nodeSizes, only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "as is usual there", help: "Nodes of the rehearsal's cluster: 3x2cpu, or 3x2cpu4gi" },
  { key: "loadBalancer", kind: "choice", choices: ["none", "ip", "hostname"], only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "as --cloud has it, else ip", help: "What Services of type LoadBalancer get in the rehearsal's cluster" },
  { key: "certificateAge", kind: "text", value: "DAYS", syntax: days, only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "new", help: "The rehearsal's certificate is so many days old already, for renew in one that is kept" },
  { key: "fault", kind: "list", value: "NAME,...", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, default: "", help: "What goes wrong, see help rehearse: NAME or NAME:PARAMETER" },
  { key: "existingIstio", kind: "choice", choices: ISTIO_SHAPES, value: "SHAPE", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "none", help: `Somebody else's Istio in the rehearsal's cluster: ${ISTIO_SHAPES.join(", ")}` },
  { key: "keep", kind: "duration", value: "TIME", bare: "0", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "it ends with the run", help: "Leave the rehearsal's cluster running, for other commands, kubectl and a browser: until Ctrl-C, or for a time, in the background" },
  { key: "stop", kind: "text", value: "NAME", bare: "all", syntax: anyText, only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, unset: "nothing is ended", help: "End rehearsals that were kept, all or the one of this name" },
  { key: "list", kind: "boolean", only: "flag", group: "This command", commands: ["rehearse"], runOnly: true, default: "false", help: "List rehearsals that are kept, with their kubeconfigs and URLs" },
  { key: "resetChoices", kind: "boolean", only: "flag", group: "This command", commands: CHANGING, runOnly: true, default: "false", help: "Start from the defaults, not from what was chosen before; see help config" },
  { key: "resetChoice", kind: "list", value: "NAME,...", syntax: choiceName, only: "flag", group: "This command", commands: CHANGING, runOnly: true, default: "", help: "Options, such as address, of which nothing counts that was chosen before" },
] as const satisfies readonly OptionRow[];

// biome-ignore format: a table is read row by row
const ofCluster = [
  { key: "kubeconfig", kind: "text", value: "FILE", syntax: anyText, group: "Cluster", commands: AT_A_CLUSTER, runOnly: true, unset: "$KUBECONFIG, else ~/.kube/config", help: "Kubeconfig file" },
  { key: "context", kind: "text", value: "NAME", syntax: anyText, group: "Cluster", commands: AT_A_CLUSTER, runOnly: true, unset: "the current one", help: "Context in the kubeconfig" },
  { key: "knativeVersion", kind: "text", value: "VERSION", syntax: version, group: "Knative", commands: CHOOSING, unset: "the installed one, else the newest that the server can run", help: "Knative minor such as 1.23, or one patch of it" },
] as const satisfies readonly OptionRow[];

// biome-ignore format: a table is read row by row
const ofRuns = [
  { key: "manifests", kind: "text", value: "DIR", syntax: anyText, group: "Releases and images", commands: CHANGING, runOnly: true, unset: "the cache, else the network", help: "Read releases from this directory" },
  { key: "releaseMirror", kind: "text", value: "URL", syntax: mirrorUrl, group: "Releases and images", commands: CHANGING, runOnly: true, unset: "github.com", help: "Download releases from here" },
  { key: "imageRegistry", kind: "text", value: "HOST/PATH", syntax: imageRegistry, group: "Releases and images", commands: CHANGING, unset: "as in the releases", help: "Take every image from this registry; tags and digests are kept", means: () => "Every image comes from there; all pods of Knative and its gateway are replaced." },

  { key: "config", kind: "text", value: "FILE", syntax: anyText, only: "flag or environment", group: "Running", commands: ALL, runOnly: true, unset: "no file", help: "Read options from a YAML file" },
  { key: "yes", kind: "boolean", short: "y", group: "Running", commands: [...CHANGING, "renew", "uninstall", "doctor"], runOnly: true, default: "false", help: "Do not ask before changing anything" },
  // In a Config: seconds.
  { key: "timeout", kind: "duration", value: "TIME", group: "Running", commands: ALL, runOnly: true, default: "10m", help: "Longest that a step may take: 600, 10m, 1h30m; for doctor, an answer (10s)" },
  { key: "takeOwnership", kind: "boolean", group: "Running", commands: CHANGING, runOnly: true, default: "false", help: "Change fields that somebody else owns; the plan lists them first" },
  { key: "skipChecks", kind: "list", value: "ID,...", syntax: checkId, group: "Running", commands: CHANGING, runOnly: true, default: "", help: `Run without these checks: ${SKIPPABLE.join(", ")}` },

  { key: "output", kind: "choice", short: "o", choices: ["text", "json", "yaml"], group: "Output", commands: ALL, runOnly: true, default: "text", help: "Form of the result; json is one event per line, yaml is for status, version and render" },
  { key: "report", kind: "text", value: "FILE", syntax: anyText, group: "Output", commands: ["install", "rehearse", "renew", "uninstall"], runOnly: true, unset: "no page", help: "Write one HTML page about the run: plan, timeline, topology, checks" },
  { key: "quiet", kind: "boolean", short: "q", group: "Output", commands: ALL, runOnly: true, default: "false", help: "No progress, only warnings and the result" },
  { key: "verbose", kind: "boolean", short: "v", group: "Output", commands: COMMAND_NAMES, runOnly: true, default: "false", help: "Every object, every check, and the stack of a bug" },
  { key: "color", kind: "boolean", group: "Output", commands: COMMAND_NAMES, runOnly: true, completed: true, unset: "on a terminal, unless NO_COLOR is set", help: "Colours; --no-color turns them off" },
] as const satisfies readonly OptionRow[];

/** All of them, in the order of help: those of the program, and those that parts of the installation add. */
const TABLE = [
  ...ofCommands,
  ...canary,
  ...logs,
  ...doctor,
  ...renewal,
  ...ofCluster,
  ...hpa,
  ...hello,
  ...logging,
  ...serving,
  ...metrics,
  ...ingress,
  ...mesh,
  ...records,
  ...gatewayCertificate,
  ...ofRuns,
] as const;

type TableRow = (typeof TABLE)[number];
export type OptionKey = TableRow["key"];
export type Option = OptionRow<OptionKey, keyof Config>;

export const OPTIONS: readonly Option[] = TABLE;

/** Everything the engine wants to know, complete: no defaults are left to fill in. Keys are those of the config file. */
export interface Config extends ValuesOf<Exclude<TableRow, { readonly only: string }>> {}

/** Flags that say what one command should do this once; they are in no file and no Config. */
export interface CommandFlags extends ValuesOf<Extract<TableRow, { readonly only: "flag" }>> {
  /** The word behind the command, of those that take one. */
  readonly argument?: string;
}

/** Name of an option: its flag without dashes, and its key in the file. Two commands may each have an option of one name. */
export const optionName = ({ key, flag }: Pick<Option, "key" | "flag">): string =>
  flag ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const flagOf = (option: Pick<Option, "key" | "flag">): string => `--${optionName(option)}`;

/** What follows the flag: ` FILE`, `[=TIME]`, nothing behind a switch. */
export const valuePart = ({
  kind,
  value,
  choices,
  bare,
}: Pick<Option, "kind" | "value" | "choices" | "bare">): string => {
  const name = value ?? choices?.join("|") ?? "";
  if (kind === "boolean") return "";
  return bare === undefined ? ` ${name}` : `[=${name}]`;
};

export const ENV_PREFIX = "KN_BOOTSTRAP_";
export const envOf = (option: Pick<Option, "key">): string =>
  ENV_PREFIX + optionName(option).replaceAll("-", "_").toUpperCase();

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
  const names = CHOICES.map(optionName);
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
