import type { KubeObject, ObjectRef } from "../ports/object.ts";
import type { RecordSetChange, Zone } from "../ports/zones.ts";

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

/** An object to be written or removed. `object` is the final one, blanks included; for a delete it is the live one's reference. */
export interface ObjectChange {
  readonly kind: "object";
  readonly action: Action;
  readonly object: KubeObject;
  /** Field manager it is written under. */
  readonly manager: string;
  readonly fields: readonly FieldDifference[];
  readonly conflicts: readonly Conflict[];
  /** Keys of `data` to remove that another manager wrote (merge patch with null, rule 1). */
  readonly dropData?: readonly string[];
  /** Somebody else made the object: what it held before is kept for undo. */
  readonly foreign?: true;
  /** Exists only during the run and is always removed at its end (rule 8). */
  readonly temporary?: true;
  /** Written after the step's checks have passed, not before. */
  readonly afterVerify?: true;
  /** False: the server was not asked (absent target) or could not be (no rights, webhook down). */
  readonly confirmed: boolean;
  /** uid of the live object: the precondition of updates and deletes. */
  readonly uid?: string;
  /** uid of an earlier object of this name that is going away: a create waits until it is gone. */
  readonly earlier?: string;
}

/** A certificate to be issued (or removed) and kept in a Secret. */
export interface CertificateChange {
  readonly kind: "certificate";
  readonly action: Action;
  /** dNSNames, wildcards included. */
  readonly names: readonly string[];
  readonly secret: ObjectRef;
  /** Why: `missing`, `names changed`, `expires in 12 days`. */
  readonly reason: string;
  /** It only has to finish what a killed run began. */
  readonly resumes?: true;
  /** Who signs it: `Let's Encrypt`. */
  readonly issuer: string;
  /** Its order is kept in the cluster while it is under way, and removed after. */
  readonly isOrdered?: true;
  /** What else a reader must know: what it costs of a rate limit, the records that exist while it is issued. */
  readonly remarks?: readonly string[];
}

/** Record sets of one zone that change in one batch, all or nothing (rule 18). Texts may hold blanks; `type` too, where the address decides it. */
export interface RecordsChange {
  readonly kind: "records";
  readonly action: Action;
  readonly zone: Zone;
  readonly sets: readonly RecordSetChange[];
  /** Nothing but deletions, value by value: others of a set stay, and what is not there is fine. */
  readonly byValue?: true;
  /** Record sets that somebody else made and that would be replaced. */
  readonly conflicts: readonly Conflict[];
  /** Names that stop being answered by a wildcard above (rule 17). */
  readonly shadows: readonly string[];
}

/** An account at a CA: deactivated before its key goes (rule 11), or given a new key (rule 24). */
export interface AccountChange {
  readonly kind: "account";
  readonly action: "update" | "delete";
  /** URL of the CA's directory. */
  readonly directory: string;
  /** Where its key is. */
  readonly secret: ObjectRef;
}

export type Change = ObjectChange | CertificateChange | RecordsChange | AccountChange;

/** Those that say whose fields or records they would take. */
export const conflictsOfChange = (change: Change): readonly Conflict[] =>
  change.kind === "object" || change.kind === "records" ? change.conflicts : [];

export interface StepPlan {
  readonly step: string;
  readonly title: string;
  readonly changes: readonly Change[];
  /** Things worth saying that are no change: what is kept because somebody else owns it. */
  readonly notes: readonly string[];
}

/** An option of the installation that counts otherwise than before, in words. */
export interface ChoiceChange {
  /** `domain` */
  readonly option: string;
  /** Absent: whoever chose before did not know the option. */
  readonly from?: string;
  readonly to: string;
  /** Why, where nobody said it. */
  readonly because?: string;
  /** What the installation becomes by it: sentences. */
  readonly means?: string;
}

export interface Plan {
  readonly goal: Goal;
  /** Absent: nothing was chosen before, or nothing else is now. */
  readonly choices?: readonly ChoiceChange[];
  readonly steps: readonly StepPlan[];
}

export type Goal = "present" | "absent";

export const changesOf = (plan: Plan): readonly Change[] => plan.steps.flatMap((step) => step.changes);
export const conflictsOf = (plan: Plan): readonly { change: Change; conflict: Conflict }[] =>
  changesOf(plan).flatMap((change) => conflictsOfChange(change).map((conflict) => ({ change, conflict })));
