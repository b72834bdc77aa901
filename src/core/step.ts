import type { KubeObject, ObjectRef } from "../ports/object.ts";
import type { Change, ObjectChange } from "./change.ts";
import type { Check } from "./check.ts";

/** The live cluster as of one moment: each kind is listed once and shared by everything that plans (rule 2). */
export interface Snapshot {
  readonly get: (ref: ObjectRef) => Promise<KubeObject | undefined>;
  /** Absent namespace: all of them. */
  readonly list: (apiVersion: string, kind: string, namespace?: string) => Promise<readonly KubeObject[]>;
  /** Those that carry our label. */
  readonly owned: (apiVersion: string, kind: string) => Promise<readonly KubeObject[]>;
  /** Those that carry a label of this key, in all namespaces. */
  readonly labelled: (apiVersion: string, kind: string, label: string) => Promise<readonly KubeObject[]>;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ReconcileOptions {
  /** Field manager; default `kn-bootstrap`, `kn-bootstrap-<step>` for values that are known only later (rule 1). */
  readonly manager?: string;
  /** Keys of `data` that another manager wrote and that have to go with this change. */
  readonly dropData?: readonly string[];
  /** Written only after the step's checks have passed. */
  readonly afterVerify?: true;
  /** Fields of an object that another step makes: it is not labelled as ours, and its absence means "created by then". */
  readonly partial?: true;
}

export interface PlanContext {
  readonly live: Snapshot;
  readonly now: () => Date;
  /** Compares the objects that should exist with those that do. */
  readonly reconcile: (objects: readonly KubeObject[], options?: ReconcileOptions) => Promise<readonly ObjectChange[]>;
  /** Deletes what an earlier run of this step made and `keep` does not name. */
  readonly prune: (keep: readonly KubeObject[]) => Promise<readonly ObjectChange[]>;
  /** Objects that exist during the run only; what an interrupted run left behind is removed. */
  readonly temporary: (objects: readonly KubeObject[]) => Promise<readonly ObjectChange[]>;
  /** Whether a step that this one needs, directly or not, has changes planned. */
  readonly upstream: boolean;
  /** Planned again just before it runs: the steps before it are done, so that nothing is unknown any more. */
  readonly firm: boolean;
  /** Kinds that may carry our label; for the goal "absent" every kind that the server can list and delete. */
  readonly kinds: readonly Kind[];
  /** Says something in the plan that is no change. */
  readonly note: (text: string) => void;
}

/**
 * One part of the installation. `plan` says what differs (nothing: up to date); `verify` says what must hold afterwards.
 * It never writes.
 */
export interface Step<Id extends string = string, Need extends string = string> {
  readonly id: Id;
  /** An imperative: `Install Kourier`. */
  readonly title: string;
  /** For the goal "absent": `Remove Kourier`. */
  readonly undo: string;
  /** Ids of the steps that come before. */
  readonly needs: readonly Need[];
  /** Ids of steps that need this one without naming it. */
  readonly before?: readonly Need[];
  readonly plan: (ctx: PlanContext) => Promise<readonly Change[]>;
  /** What goes away with the goal "absent"; default: everything that carries this step's label. */
  readonly absent?: (ctx: PlanContext, owned: readonly KubeObject[]) => Promise<readonly Change[]>;
  readonly verify: readonly Check[];
  /** What must hold once it is gone, besides its objects being gone. */
  readonly verifyAbsent?: readonly Check[];
}
