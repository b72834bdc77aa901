import type { Syntax } from "./syntax.ts";

export const COMMAND_NAMES = [
  "install",
  "plan",
  "render",
  "rehearse",
  "status",
  "doctor",
  "logs",
  "metrics",
  "renew",
  "iam-policy",
  "uninstall",
  "version",
  "completion",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export type Group =
  | "Cluster"
  | "Knative"
  | "Ingress and domain"
  | "TLS"
  | "Logging"
  | "Releases and images"
  | "Running"
  | "Output"
  | "This command";

interface Row<Key extends string, Owner extends string> {
  /** Its kebab-case form is the flag and the key in the file, `KN_BOOTSTRAP_…` the variable. */
  readonly key: Key;
  /** The flag without dashes, where it is called otherwise: one name may be an option of each of two commands. Only of flags. */
  readonly flag?: string;
  readonly group: Group;
  readonly help: string;
  /** What stands for the value in help: `FILE`. */
  readonly value?: string;
  readonly short?: string;
  /** What the flag alone means. A value follows it only behind `=`. */
  readonly bare?: string;
  readonly choices?: readonly string[];
  /** For texts and items of lists. */
  readonly syntax?: Syntax;
  /** As it would be written. Absent: it depends, `unset` says on what. */
  readonly default?: string;
  readonly unset?: string;
  /** `complete` fills it in from other options, so that a Config always has one. */
  readonly completed?: true;
  readonly commands: readonly CommandName[];
  /** Where else than in a flag it may be written; default everywhere. */
  readonly only?: "flag" | "flag or environment";
  /** It says how to run, not what the installation is: not kept in the cluster, not compared. */
  readonly runOnly?: true;
  /** What was chosen before for this one falls away when one of these becomes another. */
  readonly belongsTo?: readonly Owner[];
}

/** A sentence: what the installation becomes by another choice. The plan shows the objects, records and certificates themselves. */
interface Meaning<Value> {
  readonly means?: (now: Value, before: Value) => string;
}

/**
 * One row of the table that flags, environment variables, keys of the file, JSON Schema, help, docs and the type of the Config are made
 * from. Secrets have no row: they come from the kubeconfig and the usual credential chains (house rule 17).
 */
export type OptionRow<Key extends string = string, Owner extends string = string> = Row<Key, Owner> &
  (
    | ({ readonly kind: "text" } & Meaning<string | undefined>)
    // Its choices are narrower than a text; what says what they mean may ask for them alone.
    | ({ readonly kind: "choice"; readonly choices: readonly string[] } & Meaning<never>)
    | ({ readonly kind: "boolean" } & Meaning<boolean>)
    | ({ readonly kind: "list" } & Meaning<readonly string[]>)
    | ({ readonly kind: "duration" } & Meaning<number>)
  );

type ValueOf<R extends OptionRow> = R extends { kind: "boolean" }
  ? boolean
  : R extends { kind: "duration" }
    ? number
    : R extends { kind: "list" }
      ? readonly string[]
      : R extends { kind: "choice"; choices: readonly (infer Choice)[] }
        ? Choice
        : string;

type Certain<R extends OptionRow> = Extract<R, { readonly default: string } | { readonly completed: true }>;

/** What a table's rows hold when nothing is left to fill in. */
export type ValuesOf<R extends OptionRow> = {
  readonly [One in Certain<R> as One["key"]]: ValueOf<One>;
} & { readonly [One in Exclude<R, Certain<R>> as One["key"]]?: ValueOf<One> };

export const CHANGING: readonly CommandName[] = ["install", "plan", "render", "rehearse"];
/** Those that a release or an ingress is chosen for. */
export const CHOOSING: readonly CommandName[] = [...CHANGING, "metrics"];
/** Those that are about names: a policy for them needs no cluster. */
export const NAMING: readonly CommandName[] = [...CHANGING, "iam-policy"];
/** Those that do something; the others only print what the program knows. */
export const ALL: readonly CommandName[] = COMMAND_NAMES.filter((name) => name !== "completion" && name !== "metrics");
export const AT_A_CLUSTER: readonly CommandName[] = ALL.filter((name) => name !== "iam-policy" && name !== "rehearse");
