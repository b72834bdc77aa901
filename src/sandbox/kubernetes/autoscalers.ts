import { type Condition, keyOf, keysOfKind, mergeConditions, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";

const MANAGER = "kube-controller-manager";
const API = "autoscaling/v2";

/**
 * HorizontalPodAutoscalers in a cluster without metrics-server: they keep the replicas within their bounds and say that the
 * metrics are missing.
 */
export const horizontalPodAutoscalers = ({ api }: Stage): Reconciler => {
  const targetOf = (autoscaler: Obj): Obj | undefined => {
    const { apiVersion, kind, name } = autoscaler.spec.scaleTargetRef;
    return api.get({ apiVersion, kind, name, namespace: autoscaler.metadata.namespace ?? "" });
  };

  const judge = (autoscaler: Obj, target: Obj | undefined, replicas: number): Condition[] => {
    const { kind, name } = autoscaler.spec.scaleTargetRef;
    if (!target) {
      const message = `the HPA controller was unable to get the target's current scale: ${kind.toLowerCase()}s.apps "${name}" not found`;
      return [{ type: "AbleToScale", status: "False", reason: "FailedGetScale", message }];
    }
    const able: Condition = {
      type: "AbleToScale",
      status: "True",
      reason: "SucceededGetScale",
      message: "the HPA controller was able to get the target's current scale",
    };
    if (replicas === 0) {
      const message = "scaling is disabled since the replica count of the target is zero";
      return [able, { type: "ScalingActive", status: "False", reason: "ScalingDisabled", message }];
    }
    const message =
      "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
    return [able, { type: "ScalingActive", status: "False", reason: "FailedGetResourceMetric", message }];
  };

  return {
    name: "horizontalpodautoscaler",
    keys: (event) => {
      if (event.object.kind !== "Deployment") return keysOfKind(event, API, "HorizontalPodAutoscaler");
      const { namespace, name } = event.object.metadata;
      return api
        .list(API, "HorizontalPodAutoscaler", namespace)
        .filter((autoscaler) => autoscaler.spec.scaleTargetRef?.name === name)
        .map(keyOf);
    },
    reconcile: async (key) => {
      const autoscaler = api.get(refAt(API, "HorizontalPodAutoscaler", key));
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) return undefined;
      const target = targetOf(autoscaler);
      const replicas: number = target ? (target.spec.replicas ?? 1) : 0;
      const { minReplicas = 1, maxReplicas } = autoscaler.spec;
      const wanted = replicas === 0 ? 0 : Math.min(Math.max(replicas, minReplicas), maxReplicas);
      if (target && wanted !== replicas) {
        await api.update(
          MANAGER,
          refOf(target),
          (draft) => {
            draft.spec.replicas = wanted;
          },
          { subresource: "scale" },
        );
      }
      await api.update(
        MANAGER,
        refOf(autoscaler),
        (draft) => {
          draft.status = {
            currentReplicas: replicas,
            // Without metrics nothing is desired, but for a correction to the bounds.
            desiredReplicas: wanted === replicas ? (draft.status?.desiredReplicas ?? 0) : wanted,
            currentMetrics: (autoscaler.spec.metrics ?? []).map(() => ({ type: "" })),
            conditions: mergeConditions(draft.status?.conditions, judge(autoscaler, target, replicas)),
          };
        },
        { subresource: "status" },
      );
      return undefined;
    },
  };
};
