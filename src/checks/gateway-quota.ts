import { fail, ok, skipped } from "../core/check.ts";
import type { Exposure } from "../ingress/address.ts";
import { quantity, UNIT } from "../kube/quantity.ts";
import { at, describe, isRecord, type KubeObject, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

/** What the gateway's Service counts for, one at least of each (pkg/quota/v1/evaluator/core/services.go). */
const COUNTS = {
  nodeport: ["services", "count/services", "services.nodeports"],
  loadbalancer: ["services", "count/services", "services.nodeports", "services.loadbalancers"],
} as const satisfies Readonly<Record<Exposure["expose"], readonly string[]>>;

const fieldOf = (quota: KubeObject, ...path: string[]): Readonly<Record<string, unknown>> => {
  const found = at(quota, ...path);
  return isRecord(found) ? found : {};
};

/** The measure of which a quota has no room for one more. */
const fullOf = (quota: KubeObject, measures: readonly string[]): string | undefined => {
  const [hard, used] = [fieldOf(quota, "spec", "hard"), fieldOf(quota, "status", "used")];
  return measures.find((measure) => {
    const limit = quantity(hard[measure]);
    return limit !== undefined && (quantity(used[measure]) ?? 0n) + UNIT > limit;
  });
};

export const gatewayLetIn = healthCheck({
  id: "ingress.quota",
  title: "Its namespace lets the gateway's Service in",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Service", "ResourceQuota"],
  meaning:
    "A ResourceQuota keeps out the Service that leads to the gateway: the API server refuses it to whoever installs, and the installation stops there.",
  todo: "Raise the quota, or free what it counts; then run `kn-bootstrap install` again.",
  run: async ({ cluster }) => {
    const { choices, ingress, exposure } = await findInstallation(cluster);
    if (Object.keys(choices).length === 0 || !ingress) return skipped("kn-bootstrap has installed no ingress here");
    const { service } = ingress;
    const { namespace = "" } = service;
    if (await cluster.get(service)) return ok(`${describe(service)} is there`);
    const quotas = await cluster.list({ apiVersion: "v1", kind: "ResourceQuota", namespace });
    for (const quota of quotas) {
      const measure = fullOf(quota, COUNTS[exposure.expose]);
      if (measure === undefined) continue;
      const [most, used] = [fieldOf(quota, "spec", "hard")[measure], fieldOf(quota, "status", "used")[measure] ?? "0"];
      return fail(
        `${describe(quota)} has no room for ${describe(service)}: ${measure} ${String(used)} of ${String(most)} are used`,
        {
          text: "Raise it, or free what it counts; then run install again.",
          command: sh`kubectl describe resourcequota ${quota.metadata.name} ${inNamespace(namespace)}`,
        },
        {
          evidence: [
            { object: refOf(quota), field: `.spec.hard["${measure}"]`, observed: most },
            { object: service, field: "" },
          ],
        },
      );
    }
    return ok(`no quota of namespace ${namespace} keeps ${describe(service)} out`);
  },
});
