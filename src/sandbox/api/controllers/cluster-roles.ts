/** Fills the rules of ClusterRoles that aggregate others, by server-side apply as the real controller does. */

import type { Fields } from "../json.ts";
import { equal, fieldsOf, isFields, listOf } from "../json.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { Cluster } from "./index.ts";
import { createWorkQueue } from "./work-queue.ts";

const MANAGER = "clusterrole-aggregation-controller";
const RBAC = "rbac.authorization.k8s.io/v1";

export function aggregateClusterRoles({ api }: Cluster): () => void {
  const roles = () => api.list(RBAC, "ClusterRole");

  const aggregate = async (name: string): Promise<void> => {
    const role = api.get({ apiVersion: RBAC, kind: "ClusterRole", name });
    const selectors = listOf(fieldsOf(role?.aggregationRule).clusterRoleSelectors).filter(isFields);
    if (!role || selectors.length === 0) return;
    const rules: Fields[] = [];
    for (const other of roles()) {
      if (other.metadata.name === name || !selectors.some((selector) => matchesLabelSelector(selector, other.metadata.labels ?? {}))) continue;
      for (const rule of listOf(other.rules).filter(isFields)) if (!rules.some((known) => equal(known, rule))) rules.push(rule);
    }
    if (equal(listOf(role.rules), rules)) return;
    await api.request({
      method: "PATCH",
      path: `/apis/${RBAC}/clusterroles/${encodeURIComponent(name)}`,
      query: { fieldManager: MANAGER, force: "true" },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: { apiVersion: RBAC, kind: "ClusterRole", metadata: { name }, rules },
    });
  };

  const queue = createWorkQueue(aggregate);
  const enqueue = (): void => {
    for (const role of roles()) if (role.aggregationRule !== undefined) queue.add(role.metadata.name);
  };
  const off = api.onChange(({ object }) => {
    if (object.kind === "ClusterRole") enqueue();
  });
  return () => {
    off();
    queue.stop();
  };
}
