import { withOwner } from "../../kube/inventory.ts";
import type { ObjectChange } from "../../kube/object-change.ts";
import { creation, type PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, refOf } from "../../ports/object.ts";
import { homeNamespace } from "../state/index.ts";

/** Namespace kn-bootstrap, as an installation has it. */
export const home: KubeObject = withOwner(homeNamespace, "state");

/** Who watches a Knative of others may have no such namespace yet. */
export const homeIn = async (ctx: PlanContext): Promise<readonly ObjectChange[]> =>
  (await ctx.live.get(refOf(home))) ? [] : [creation(home)];
