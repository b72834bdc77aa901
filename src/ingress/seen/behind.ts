import { choosesPods, templateLabels } from "../../kube/selected.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { at, type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";

/** Deployments and DaemonSets whose pods a Service leads to. A Service without a selector leads to none of the cluster's. */
export const behind = async (
  cluster: Pick<ClusterRead, "get" | "list">,
  service: ObjectRef,
): Promise<{ readonly deployments: readonly ObjectRef[]; readonly daemonSets: readonly ObjectRef[] }> => {
  const [live, deployments, daemonSets] = await Promise.all([
    cluster.get(service),
    cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    cluster.list({ apiVersion: "apps/v1", kind: "DaemonSet" }),
  ]);
  const isBehind = (workload: KubeObject): boolean =>
    live !== undefined &&
    workload.metadata.namespace === service.namespace &&
    choosesPods(live, templateLabels(workload));
  const all = deployments.filter(isBehind);
  // One that is scaled to none beside others that run is a spare.
  const running = all.filter((deployment) => at(deployment, "spec", "replicas") !== 0);
  return {
    deployments: (running.length > 0 ? running : all).map(refOf),
    daemonSets: daemonSets.filter(isBehind).map(refOf),
  };
};
