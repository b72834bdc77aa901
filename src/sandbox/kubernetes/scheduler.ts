import { quantityOf } from "../api/schema/quantity.ts";
import { isTrue, keysOfKind, refAt, refOf, type Stage, timestamp } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { unboundIn } from "./claims.ts";
import { recordEvent } from "./events.ts";
import { fitsNode, untolerated } from "./node-affinity.ts";

const MANAGER = "kube-scheduler";
const UNBOUND = "pod has unbound immediate PersistentVolumeClaims";
type Resource = "cpu" | "memory";

/** Puts pods on the first node that is Ready, matches nodeSelector and has the requested CPU and memory left. */
export const scheduler = (stage: Stage): Reconciler => {
  const { api } = stage;
  const unscheduled = () =>
    api.list("v1", "Pod").filter((pod) => pod.spec.nodeName === undefined && !pod.metadata.deletionTimestamp);

  const isSpent = (pod: Obj): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

  const requested = (pod: Obj, resource: Resource): bigint =>
    pod.spec.containers.reduce(
      (sum: bigint, container: Obj) => sum + (quantityOf(container.resources?.requests?.[resource]) ?? 0n),
      0n,
    );

  const lacks = (node: Obj, pod: Obj): string | undefined => {
    if (node.spec?.unschedulable) return "node(s) were unschedulable";
    if (!isTrue(node, "Ready")) return "node(s) had untolerated taint(s)";
    const unwanted = untolerated(pod.spec, node);
    if (unwanted) return `node(s) had untolerated taint {${unwanted.key}: ${unwanted.value ?? ""}}`;
    if (!fitsNode(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
    const neighbours = api
      .list("v1", "Pod")
      .filter((other) => other.spec.nodeName === node.metadata.name && !isSpent(other));
    return (["cpu", "memory"] as const)
      .filter((resource) => {
        const used = neighbours.reduce((sum, other) => sum + requested(other, resource), 0n);
        return used + requested(pod, resource) > (quantityOf(node.status?.allocatable?.[resource]) ?? 0n);
      })
      .map((resource) => `Insufficient ${resource}`)[0];
  };

  const refuse = async (pod: Obj, nodes: readonly Obj[], reasons: readonly string[]): Promise<void> => {
    const counts = [...new Set(reasons)].sort().map((why) => `${reasons.filter((one) => one === why).length} ${why}`);
    const message = `0/${nodes.length} nodes are available: ${unboundIn(stage, pod) ? UNBOUND : counts.join(", ")}.`;
    let isNews = false;
    await api.update(
      MANAGER,
      refOf(pod),
      (draft) => {
        const told = draft.status?.conditions?.[0];
        isNews = told?.message !== message;
        if (!isNews) return;
        const lastTransitionTime = told?.lastTransitionTime ?? timestamp();
        draft.status = {
          ...draft.status,
          phase: "Pending",
          conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime }],
        };
      },
      { subresource: "status" },
    );
    if (isNews) await recordEvent(api, "default-scheduler", pod, "Warning", "FailedScheduling", message);
  };

  return {
    name: "scheduler",
    keys: (event) => {
      // A node, or a pod that goes, makes room for those that wait.
      const makesRoom =
        ["Node", "PersistentVolumeClaim"].includes(event.object.kind) ||
        (event.object.kind === "Pod" && event.type === "DELETED");
      if (makesRoom) return unscheduled().map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`);
      return event.object.spec?.nodeName === undefined ? keysOfKind(event, "v1", "Pod") : [];
    },
    reconcile: async (key) => {
      const pod = api.get(refAt("v1", "Pod", key));
      if (!pod || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp) return undefined;
      const nodes = api.list("v1", "Node");
      if (unboundIn(stage, pod)) {
        await refuse(pod, nodes, []);
        return undefined;
      }
      const verdicts = nodes.map((node) => ({ node, lack: lacks(node, pod) }));
      const fit = verdicts.find(({ lack }) => lack === undefined)?.node;
      if (!fit) {
        await refuse(
          pod,
          nodes,
          verdicts.flatMap(({ lack }) => lack ?? []),
        );
        return undefined;
      }
      await api.update(MANAGER, refOf(pod), (draft) => {
        draft.spec.nodeName = fit.metadata.name;
      });
      return undefined;
    },
  };
};
