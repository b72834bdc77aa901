import type { Plan, StepPlan } from "../core/change.ts";
import { type PlanMode, planInOrder } from "../core/plan.ts";
import { deletions } from "../kube/object-change.ts";
import { contextFor, ownedBy, type PlanContext, type PlanOptions } from "../kube/reconcile.ts";
import { type Change, withDifferences } from "./index.ts";
import type { Step } from "./step.ts";

/** Plans one step against one snapshot. */
export const planStep = async (step: Step, options: PlanOptions, mode: PlanMode): Promise<StepPlan<Change>> => {
  const notes: string[] = [];
  const ctx = contextFor(step.id, options, mode, notes);
  const changes = options.goal === "present" ? await step.plan(ctx) : await planAbsent(step, options, ctx);
  const title = options.goal === "present" ? step.title : step.undo;
  return { step: step.id, title, changes: changes.map(withDifferences), notes };
};

const planAbsent = async (step: Step, options: PlanOptions, ctx: PlanContext): Promise<readonly Change[]> => {
  const owned = await ownedBy(step.id, options);
  return step.absent ? step.absent(ctx, owned) : deletions(owned);
};

/** What differs, step by step, in what the cluster holds; their reading overlaps, through the shared snapshot. */
export const makePlan = (steps: readonly Step[], options: PlanOptions): Promise<Plan<Change>> => {
  // Every list is on its way before the first step asks for one.
  if (options.goal === "present") prefetch(options);
  return planInOrder(steps, options.goal, (step, mode) => planStep(step, options, mode));
};

const prefetch = ({ live, kinds = [] }: PlanOptions): void => {
  for (const { apiVersion, kind } of kinds) if (kind !== "Secret") live.list(apiVersion, kind).catch(() => {});
};
