import { byKind } from "../../changes/index.ts";
import type { ChangeBase, Plan } from "../../core/change.ts";
import type { Event } from "../../core/event.ts";
import type { StepReport } from "../../core/run.ts";
import type { Reporter } from "./reporter.ts";

/**
 * Leaves out what nobody tells: of an object that comes, goes or was changed its name stays, of a step's changes not what differed, as the plan
 * has said that. To look for secrets in all of it takes longer than in all the rest of a run's news.
 */
export const brief = ({ emit, report, problem }: Reporter): Reporter => ({
  emit: (event) => emit(briefly(event)),
  report: ({ steps, ...result }, next) => report({ ...result, steps: steps.map(made) }, next),
  problem,
});

const briefly = (event: Event): Event => {
  if (event.type === "plan") return { ...event, plan: planned(event.plan) };
  if (event.type === "change-done") return { ...event, change: named(event.change) };
  return event.type === "step-done" ? made(event) : event;
};

/** Whether an update is sure depends on what its object holds. */
const planned = (plan: Plan): Plan => ({
  ...plan,
  steps: plan.steps.map((step) => ({
    ...step,
    changes: step.changes.map((change) => (change.action === "update" ? change : named(change))),
  })),
});

const made = <T extends Pick<StepReport, "changes">>(ended: T): T => ({
  ...ended,
  changes: ended.changes.map(({ fields: _fields, ...change }) => named(change)),
});

const named = byKind<[], ChangeBase>(
  {
    object: ({ object: { apiVersion, kind, metadata }, ...change }) => {
      const { name, namespace } = metadata;
      return { ...change, object: { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } } };
    },
  },
  (change) => change,
);
