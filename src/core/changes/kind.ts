import type { ClusterWrite } from "../../ports/cluster.ts";
import type { ObjectRef } from "../../ports/object.ts";
import type { RecordSetChange, Zone, ZonesWrite } from "../../ports/zones.ts";
import type { Check } from "../check.ts";
import type { OnReason } from "../wait.ts";

export type Action = "create" | "update" | "delete";

/** One field that differs. `from` absent: it is added; `to` absent: it is removed; both absent: {@link Plan.choices} says it. */
export interface FieldDifference {
  /** `.spec.ports[name="http2"].nodePort` */
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** A field that somebody else owns and that the plan would have to take. */
export interface Conflict {
  readonly path: string;
  readonly owner: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** What every change has, whatever its kind. */
export interface ChangeBase {
  readonly kind: string;
  readonly action: Action;
  /** Everything that differs. The planner fills it in, from the kind's `differences`. */
  readonly fields?: readonly FieldDifference[];
  /** Fields or records that somebody else owns and that would be taken. */
  readonly conflicts?: readonly Conflict[];
  /** Carried out after the step's checks have passed, not before. */
  readonly afterVerify?: true;
}

/** What may be done with all objects of a kind in the cluster: RBAC verbs. */
export interface Right {
  readonly apiVersion: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** What a change takes; it is asked for before the first write. */
export interface Requirements {
  /** In the cluster, reading included. */
  readonly rights: readonly Right[];
  /** Record sets that it writes: each is tried without effect. */
  readonly records?: readonly { readonly zone: Zone; readonly sets: readonly RecordSetChange[] }[];
  /** Names that a CA wants proved by records in the DNS. */
  readonly proofs?: readonly string[];
}

/** What every kind may work with. */
export interface BaseTools {
  readonly cluster: ClusterWrite;
  /** Absent: nothing that is planned writes records. */
  readonly zones?: ZonesWrite;
  readonly takeOwnership: boolean;
  /** Tried before, with an answer that left open whether it was done. */
  readonly again?: boolean;
  readonly onWaiting: OnReason;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** All that the engine, the checks and the command line know of a kind of change. `T`: what it needs to be carried out. */
export interface ChangeKind<C extends ChangeBase, T extends BaseTools = BaseTools> {
  readonly kind: C["kind"];
  /** For people: what a change is about. `certificate for *.example.com` */
  readonly subject: (change: C) => string;
  /** What the subject takes within a sentence: `the `, or nothing. */
  readonly article: "" | "the ";
  /** How a sentence says that it was done: `… could not be written`. */
  readonly done: string;
  /** Its identity within a plan, besides the action. */
  readonly target: (change: C) => string;
  /** The object in the cluster that it writes or removes; undefined: it is about something else. */
  readonly ref: (change: C) => ObjectRef | undefined;
  /**
   * Whether `now`, of the same target, is the agreed change with nothing but its blanks filled in (rule 3). Conflicts are compared already.
   */
  readonly covers: (agreed: C, now: C) => boolean;
  /** When it is carried out within its step: lower numbers first, the same at once. Objects have 0 to 6, their removals -1000 to -900. */
  readonly wave: (change: C) => number;
  readonly requires: (change: C) => Requirements;
  /** Everything that differs, one by one. For a change that is complete already it gives the same again. */
  readonly differences: (change: C) => readonly FieldDifference[];
  /** What must hold no blank any more when it is carried out. */
  readonly content: (change: C) => unknown;
  /** Carries it out. Called again after an answer that was lost. */
  readonly apply: (change: C, tools: T) => Promise<void>;
  /** Absent: what these changes make lasts. */
  readonly temporary?: {
    /** Whether this one exists during the run only (rule 8). */
    readonly is: (change: C) => boolean;
    /** Takes it away at the end of the run, whatever came of it. */
    readonly end: (change: C, cluster: ClusterWrite) => Promise<void>;
  };
  /** What has to be gone before it is tried, or tried again after `error`. */
  readonly obstacle?: (change: C, error?: unknown) => Check | undefined;
  /** What has to hold before the changes of one wave are carried out, and after. */
  readonly before?: (changes: readonly C[]) => Check | undefined;
  readonly after?: (changes: readonly C[]) => Check | undefined;
}

/** These three show the same, so to ask for them apart would protect nothing. */
export const READ = ["get", "list", "watch"] as const;
