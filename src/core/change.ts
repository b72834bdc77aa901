import type { Change } from "./changes/index.ts";
import type { Conflict } from "./changes/kind.ts";

export type { AccountChange } from "./changes/account.ts";
export type { CertificateChange } from "./changes/certificate.ts";
export { byKind, type Change, isTemporary, kindOf, ofKind, subjectOf, withDifferences } from "./changes/index.ts";
export { type Action, type Conflict, type FieldDifference, READ, type Requirements } from "./changes/kind.ts";
export type { ObjectChange } from "./changes/object.ts";
export { type RecordsChange, recordName } from "./changes/records.ts";

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
  changesOf(plan).flatMap((change) => (change.conflicts ?? []).map((conflict) => ({ change, conflict })));
