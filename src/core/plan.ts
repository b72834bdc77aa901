import type { ChangeBase, Goal, Plan, StepPlan } from "./change.ts";
import { order, reverse } from "./order.ts";
import type { StepBase } from "./step.ts";

/** What differs, step by step. Steps are planned in their order because a later one may ask whether an earlier one has changes. */
export const planInOrder = async <S extends StepBase, C extends ChangeBase>(
  steps: readonly S[],
  goal: Goal,
  /** `upstream`: a step that this one needs, directly or not, has changes planned. */
  planStep: (step: S, upstream: boolean) => Promise<StepPlan<C>>,
): Promise<Plan<C>> => {
  const sorted = goal === "present" ? order(steps) : reverse(steps);
  const changed = new Set<string>();
  const planned: StepPlan<C>[] = [];
  for (const step of sorted) {
    const upstream = step.needs.some((id) => changed.has(id));
    const plan = await planStep(step, upstream);
    if (upstream || plan.changes.length > 0) changed.add(step.id);
    planned.push(plan);
  }
  return { goal, steps: planned };
};
