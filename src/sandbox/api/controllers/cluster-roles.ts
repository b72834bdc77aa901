/** Fills the rules of ClusterRoles that aggregate others, by server-side apply as the real controller does. */

import { internalCall } from "../call.ts";
import type { Fields } from "../json.ts";
import { equal, fieldsOf, listOf, objectsOf } from "../json.ts";
import { applyObject } from "../patching.ts";
import type { Resource } from "../resource.ts";
import { matchesLabelSelector } from "../selectors.ts";
import { createWorkQueue } from "../work-queue.ts";
import type { Cluster } from "./cluster.ts";

const RBAC = "rbac.authorization.k8s.io/v1";

const call = internalCall("clusterrole-aggregation-controller");

export function aggregateClusterRoles({ client, world, registry }: Cluster): () => void {
  const resource = registry.ofKind("rbac.authorization.k8s.io", "v1", "ClusterRole") as Resource;
  const roles = () => client.list(RBAC, "ClusterRole");

  const aggregate = async (name: string): Promise<void> => {
    const role = client.get({ apiVersion: RBAC, kind: "ClusterRole", name });
    const selectors = objectsOf(fieldsOf(role?.aggregationRule).clusterRoleSelectors);
    if (!role || selectors.length === 0) return;
    const rules: Fields[] = [];
    for (const other of roles()) {
      if (
        other.metadata.name === name ||
        !selectors.some((selector) => matchesLabelSelector(selector, other.metadata.labels ?? {}))
      )
        continue;
      for (const rule of objectsOf(other.rules)) if (!rules.some((known) => equal(known, rule))) rules.push(rule);
    }
    if (equal(listOf(role.rules), rules)) return;
    const applied = { apiVersion: RBAC, kind: "ClusterRole", metadata: { name }, rules };
    await applyObject(world, call, { resource, namespace: "", name, subresource: "" }, applied, true);
  };

  const queue = createWorkQueue(aggregate);
  const enqueue = (): void => {
    for (const role of roles()) if (role.aggregationRule !== undefined) queue.add(role.metadata.name);
  };
  const off = client.onChange(({ object }) => {
    if (object.kind === "ClusterRole") enqueue();
  });
  return () => {
    off();
    queue.stop();
  };
}
