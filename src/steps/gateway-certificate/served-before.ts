import type { ObjectChange } from "../../changes/index.ts";
import { managerFor } from "../../kube/inventory.ts";
import { STATE } from "../../kube/prior.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, keyOf, refOf } from "../../ports/object.ts";

/** Key of the state ConfigMap: what says what the gateway serves, as it was before it was last changed; JSON, as kubectl apply takes it. */
const SERVED_BEFORE = "served-before";

/**
 * What is served as it is now, kept before `changes` make something else of it: one command of docs/troubleshooting.md puts it back, whatever
 * the new one is worth. `released`: what it counts as where it is still to be made.
 */
export const keepBefore = async (
  ctx: PlanContext,
  changes: readonly ObjectChange[],
  released: readonly KubeObject[] = [],
): Promise<readonly ObjectChange[]> => {
  const change = changes.find(({ object, action }) => object.kind !== "Secret" && action !== "delete");
  if (!change) return [];
  const { object } = change;
  const before = (await ctx.live.get(refOf(object))) ?? released.find((one) => keyOf(one) === keyOf(object));
  if (!before) return [];
  // In one order: a list of objects names their kind elsewhere than the object itself does, and the plan is compared with what is done.
  const { status: _status, metadata: _metadata, apiVersion, kind, ...content } = before;
  const text = JSON.stringify({ apiVersion, kind, metadata: object.metadata, ...content });
  return ctx.reconcile(
    [
      {
        apiVersion: STATE.apiVersion,
        kind: STATE.kind,
        metadata: { ...(STATE.namespace ? { namespace: STATE.namespace } : {}), name: STATE.name },
        data: { [SERVED_BEFORE]: text },
      },
    ],
    { manager: managerFor("gateway-tls"), partial: true },
  );
};
