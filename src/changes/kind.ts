import type { ChangeBase, FieldDifference } from "../core/change.ts";
import type { Check } from "../core/check.ts";
import type { EngineKind } from "../core/kind.ts";
import type { Attempt } from "../core/world.ts";
import type { ClusterWrite } from "../ports/cluster.ts";
import type { ObjectRef } from "../ports/object.ts";
import type { RecordSetChange, Zone, ZonesWrite } from "../ports/zones.ts";

export type { Action, ChangeBase, Conflict, FieldDifference } from "../core/change.ts";

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
}

/** What every kind may work with. */
export interface BaseTools extends Attempt {
  readonly cluster: ClusterWrite;
  /** Absent: nothing that is planned writes records. */
  readonly zones?: ZonesWrite;
  readonly takeOwnership: boolean;
  readonly now: () => Date;
}

/** All that the engine, the checks and the command line know of a kind of change. `T`: what it needs to be carried out. */
export interface ChangeKind<C extends ChangeBase, T extends BaseTools = BaseTools> extends EngineKind<C> {
  /** What the subject takes within a sentence: `the `, or nothing. */
  readonly article: "" | "the ";
  /** The object in the cluster that it writes or removes; undefined: it is about something else. */
  readonly ref: (change: C) => ObjectRef | undefined;
  readonly requires: (change: C) => Requirements;
  /** Everything that differs, one by one. For a change that is complete already it gives the same again. */
  readonly differences: (change: C) => readonly FieldDifference[];
  /** What must hold no blank any more when it is carried out. */
  readonly content: (change: C) => unknown;
  /** Carries it out. Called again after an answer that was lost. */
  readonly apply: (change: C, tools: T) => Promise<void>;
  readonly temporary?: {
    /** Whether this one exists during the run only (rule 8). */
    readonly is: (change: C) => boolean;
    /** Takes it away at the end of the run, whatever came of it. */
    readonly end: (change: C, tools: Omit<T, keyof Attempt>) => Promise<void>;
  };
  /** What has to be gone before it is tried, or tried again after `error`. */
  readonly obstacle?: (change: C, error?: unknown) => Check | undefined;
}

/** These three show the same, so to ask for them apart would protect nothing. */
export const READ = ["get", "list", "watch"] as const;
