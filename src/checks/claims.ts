import { type Finding, fail, type ReadContext } from "../core/check.ts";
import { type KubeObject, refOf, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { clusterEventsIn } from "./events.ts";

/** Why the volumes of a StatefulSet are not there: its pods say only that they wait for them. */
export const claimsProblem = async (ctx: ReadContext, set: KubeObject): Promise<Finding | undefined> => {
  const { name, namespace = "" } = set.metadata;
  const claims = await ctx.cluster.list({ apiVersion: "v1", kind: "PersistentVolumeClaim", namespace });
  const unbound = claims.find(
    (claim) => new RegExp(`-${name}-\\d+$`).test(claim.metadata.name) && textAt(claim, "status", "phase") === "Pending",
  );
  if (!unbound) return undefined;
  const claim = `PersistentVolumeClaim ${namespace}/${unbound.metadata.name}`;
  const asked = textAt(unbound, "spec", "storageClassName");
  const last = (await clusterEventsIn(ctx, namespace)).findLast(({ about }) => about === unbound.metadata.uid);
  // A volume that waits for its pod is made once the pod has a node.
  if (last?.reason === "WaitForFirstConsumer") return undefined;
  const why = last ? `: ${last.message}` : "";
  return fail(
    `${claim} is not bound${why}`,
    {
      text: asked
        ? `Make StorageClass ${asked} provide volumes, or take another.`
        : "No StorageClass is the default: name one, such as by --logging-storage-class, or mark one as the default.",
      command: sh`kubectl get storageclass,persistentvolumeclaims ${inNamespace(namespace)}`,
    },
    { evidence: [{ object: refOf(unbound), field: ".status.phase", observed: "Pending", expected: "Bound" }] },
  );
};
