import type { ChangeBase, Goal, Plan, StepPlan } from "./change.ts";
import { order, reverse } from "./order.ts";
import type { StepBase } from "./step.ts";

/** What a step may rely on when it is planned. */
export type PlanMode =
  /** For the plan that is shown; no step that it needs, directly or not, has changes planned: what is there is what it will find. */
  | "settled"
  /** For the plan that is shown; steps that it needs have changes planned, and what they bring is not known yet. */
  | "tentative"
  /** Just before it runs: the steps that it needs are done, so that nothing is unknown any more. */
  | "final";

/** What differs, step by step. Steps are planned in their order because a later one may ask whether an earlier one has changes. */
export const planInOrder = async <S extends StepBase, C extends ChangeBase>(
  steps: readonly S[],
  goal: Goal,
  planStep: (step: S, mode: PlanMode) => Promise<StepPlan<C>>,
): Promise<Plan<C>> => {
  const sorted = goal === "present" ? order(steps) : reverse(steps);
  const changed = new Set<string>();
  const planned: StepPlan<C>[] = [];
  for (const step of sorted) {
    const mode = step.needs.some((id) => changed.has(id)) ? "tentative" : "settled";
    const plan = await planStep(step, mode);
    if (mode === "tentative" || plan.changes.length > 0) changed.add(step.id);
    planned.push(plan);
  }
  return { goal, steps: planned };
};
