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

/** `C`: what is known of its changes; the engine knows no more than what all have. */
export interface StepPlan<C extends ChangeBase = ChangeBase> {
  readonly step: string;
  readonly title: string;
  readonly changes: readonly C[];
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

export interface Plan<C extends ChangeBase = ChangeBase> {
  readonly goal: Goal;
  /** Absent: nothing was chosen before, or nothing else is now. */
  readonly choices?: readonly ChoiceChange[];
  readonly steps: readonly StepPlan<C>[];
}

export type Goal = "present" | "absent";

export const changesOf = <C extends ChangeBase>(plan: Plan<C>): readonly C[] =>
  plan.steps.flatMap((step) => step.changes);
export const conflictsOf = (plan: Plan): readonly { change: ChangeBase; conflict: Conflict }[] =>
  changesOf(plan).flatMap((change) => (change.conflicts ?? []).map((conflict) => ({ change, conflict })));
