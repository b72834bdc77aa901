import { LOGGING } from "../../checks/logging/names.ts";
import { isCopy, ownerOf } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../../ports/object.ts";

export const SPACE: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: LOGGING };

const RBAC = "rbac.authorization.k8s.io/v1";
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["v1", "Namespace"],
  ["v1", "ServiceAccount"],
  ["v1", "ConfigMap"],
  ["v1", "Secret"],
  ["v1", "Service"],
  ["apps/v1", "DaemonSet"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  [RBAC, "ClusterRole"],
  [RBAC, "ClusterRoleBinding"],
];

/**
 * What another choice has left that is none of `keep`. The namespace is the first that comes and the last that goes: without it nothing is
 * looked for, so that whoever collects no logs needs no right to list DaemonSets.
 */
export const leftOf = async (
  { live }: PlanContext,
  step: string,
  keep: readonly KubeObject[],
): Promise<readonly KubeObject[]> => {
  if ((await live.get(SPACE)) === undefined) return [];
  const kept = new Set(keep.map(keyOf));
  const lists = await Promise.all(KINDS.map(([apiVersion, kind]) => live.owned(apiVersion, kind)));
  return lists.flat().filter((object) => ownerOf(object) === step && !isCopy(object) && !kept.has(keyOf(object)));
};
