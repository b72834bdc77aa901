import {
  isPodActive,
  isPodReady,
  isPodTerminating,
  isTrue,
  keysOfKind,
  keysOfOwner,
  mergeConditions,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { recordEvent } from "./events.ts";
import { countsTerminating, createPod, podsOf } from "./templates.ts";

/** In seconds, as the workqueue of the real one doubles it. */
const [FIRST_RETRY, LAST_RETRY] = [0.005, 1000];

/** Keeps as many pods as `spec.replicas` says; what stands in the way of creating one becomes the condition ReplicaFailure. */
export const replicaSets = (stage: Stage): Reconciler => {
  const { api } = stage;
  /** How often in a row each could not make its pods. */
  const failures = new Map<string, number>();

  const scale = async (set: Obj, pods: readonly Obj[]): Promise<string | undefined> => {
    const missing = set.spec.replicas - pods.length;
    for (let count = 0; count < missing; count++) {
      const refusal = await createPod(stage, set, { prefix: `${set.metadata.name}-` });
      if (refusal !== undefined) return refusal;
    }
    const leastUseful = [...pods].sort((a, b) => Number(isPodReady(a)) - Number(isPodReady(b)));
    for (const pod of leastUseful.slice(0, Math.max(0, -missing))) await api.remove(refOf(pod));
    return undefined;
  };

  return {
    name: "replicaset",
    keys: (event) => [
      ...keysOfKind(event, "apps/v1", "ReplicaSet"),
      ...(event.object.kind === "Pod" ? keysOfOwner(event, "ReplicaSet") : []),
      // A ServiceAccount that arrives late lets the refused pods of its namespace in.
      ...(event.object.kind === "ServiceAccount" && event.type === "ADDED"
        ? api
            .list("apps/v1", "ReplicaSet", event.object.metadata.namespace)
            .map((set) => `${set.metadata.namespace}/${set.metadata.name}`)
        : []),
    ],
    reconcile: async (key) => {
      const set = api.get(refAt("apps/v1", "ReplicaSet", key));
      if (!set || set.metadata.deletionTimestamp) return undefined;
      const activePods = () => podsOf(stage, set).filter(isPodActive);
      const refusal = await scale(set, activePods());
      if (refusal !== undefined)
        await recordEvent(api, "replicaset-controller", set, "Warning", "FailedCreate", `Error creating: ${refusal}`);
      const pods = activePods();
      const ready = pods.filter(isPodReady).length;
      const terminating = podsOf(stage, set).filter(isPodTerminating).length;
      await api.update(
        "kube-controller-manager",
        refOf(set),
        (draft) => {
          draft.status = {
            replicas: pods.length,
            fullyLabeledReplicas: pods.length,
            readyReplicas: ready,
            availableReplicas: ready,
            ...(countsTerminating(stage) ? { terminatingReplicas: terminating } : {}),
            observedGeneration: set.metadata.generation,
            // As upstream, a failure keeps its first message: the next names another pod and says the same.
            ...(refusal === undefined
              ? {}
              : {
                  conditions: isTrue(draft, "ReplicaFailure")
                    ? draft.status.conditions
                    : mergeConditions(undefined, [
                        { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: refusal },
                      ]),
                }),
          };
        },
        { subresource: "status" },
      );
      if (refusal === undefined) {
        failures.delete(key);
        return undefined;
      }
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      return Math.min(FIRST_RETRY * 2 ** before, LAST_RETRY) * stage.second;
    },
  };
};
