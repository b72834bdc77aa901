import type { StepBase } from "../core/step.ts";
import type { PlanContext } from "../kube/reconcile.ts";
import type { KubeObject } from "../ports/object.ts";
import type { Change } from "./index.ts";

/**
 * One part of the installation. `plan` says what differs (nothing: up to date); `verify` says what must hold afterwards.
 * It never writes.
 */
export interface Step<Id extends string = string, Need extends string = string> extends StepBase<Id, Need> {
  /** Ids of steps that need this one without naming it. */
  readonly before?: readonly Need[];
  readonly plan: (ctx: PlanContext) => Promise<readonly Change[]>;
  /** What goes away with the goal "absent"; default: everything that carries this step's label. */
  readonly absent?: (ctx: PlanContext, owned: readonly KubeObject[]) => Promise<readonly Change[]>;
}
