import { HOME } from "../../kube/inventory.ts";
import { LEASE } from "../../kube/lease.ts";
import { STATE } from "../../kube/prior.ts";
import { groupOf } from "../../ports/object.ts";
import type { Right } from "../rights.ts";

/** The lock, what was chosen, and who the cluster is. */
export const rights = (): readonly Right[] => [
  { namespace: HOME, group: "", resource: "configmaps", names: [STATE.name], verbs: ["get", "patch"] },
  ...locking(),
  { group: "", resource: "namespaces", names: [HOME, "kube-system"], verbs: ["get"] },
];

export const locking = (): readonly Right[] => {
  const lease = { namespace: HOME, group: groupOf(LEASE.apiVersion), resource: "leases" };
  return [
    { ...lease, names: [LEASE.name], verbs: ["get", "update", "delete"] },
    { ...lease, verbs: ["create"] },
  ];
};
