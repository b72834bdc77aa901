import { hasLabels, isPodReady, keyOf, keysOfKind, mergeConditions, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { portionOf } from "./templates.ts";

const API = "policy/v1";

/** Counts which pods a PodDisruptionBudget could spare. */
export const disruptionBudgets = ({ api }: Stage): Reconciler => ({
  name: "disruption",
  keys: (event) => {
    if (event.object.kind !== "Pod") return keysOfKind(event, API, "PodDisruptionBudget");
    return api
      .list(API, "PodDisruptionBudget", event.object.metadata.namespace)
      .filter((budget) => hasLabels(event.object, budget.spec.selector?.matchLabels))
      .map(keyOf);
  },
  reconcile: async (key) => {
    const budget = api.get(refAt(API, "PodDisruptionBudget", key));
    if (!budget || budget.metadata.deletionTimestamp) return undefined;
    const pods = api
      .list("v1", "Pod", budget.metadata.namespace)
      .filter((pod) => hasLabels(pod, budget.spec.selector?.matchLabels));
    const { minAvailable, maxUnavailable } = budget.spec;
    const desiredHealthy =
      maxUnavailable === undefined
        ? portionOf(minAvailable, pods.length, Math.ceil)
        : Math.max(0, pods.length - portionOf(maxUnavailable, pods.length, Math.ceil));
    const currentHealthy = pods.filter(isPodReady).length;
    const disruptionsAllowed = pods.length === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
    await api.update(
      "kube-controller-manager",
      refOf(budget),
      (draft) => {
        draft.status = {
          observedGeneration: budget.metadata.generation,
          currentHealthy,
          desiredHealthy,
          disruptionsAllowed,
          expectedPods: pods.length,
          conditions: mergeConditions(draft.status?.conditions, [
            {
              type: "DisruptionAllowed",
              status: disruptionsAllowed > 0 ? "True" : "False",
              reason: disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods",
              message: "",
              observedGeneration: budget.metadata.generation,
            },
          ]),
        };
      },
      { subresource: "status" },
    );
    return undefined;
  },
});
