import { quantity, UNIT } from "../../kube/quantity.ts";
import { at, describe, isRecord, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { type Barred, containersOf, saysOf } from "./barred.ts";

const MEASURES = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$|^(cpu|memory)$/;
const PODS = /^(count\/)?pods$/;

/** What one more pod adds to a measure; undefined: nothing that is known. */
const needOf = (deployment: KubeObject, measure: string, ranges: readonly KubeObject[]): bigint | undefined => {
  if (PODS.test(measure)) return UNIT;
  if (!MEASURES.test(measure)) return undefined;
  return containersOf(deployment).reduce((sum, one) => sum + (quantity(saysOf(one, measure, ranges)) ?? 0n), 0n);
};

/** A quota that has no room for one more pod, or that wants something said that a container does not say (plugin ResourceQuota). */
export const byQuota = (
  deployment: KubeObject,
  quotas: readonly KubeObject[],
  ranges: readonly KubeObject[],
): Barred | undefined => {
  for (const quota of quotas) {
    const { name, namespace } = quota.metadata;
    const command = sh`kubectl describe resourcequota ${name} ${inNamespace(namespace)}`;
    const hard = at(quota, "spec", "hard");
    for (const [measure, most] of Object.entries(isRecord(hard) ? hard : {})) {
      const silent = MEASURES.test(measure)
        ? containersOf(deployment).find((one) => saysOf(one, measure, ranges) === undefined)
        : undefined;
      if (silent)
        return {
          summary: `${describe(quota)} wants every container to say ${measure}, and ${textAt(silent, "name")} does not`,
          remedy: {
            text: "Say it for those that do not by a LimitRange; for queue-proxy also by `queue-sidecar-cpu-limit` and its like in config-deployment.",
            command,
          },
          evidence: [{ object: refOf(quota), field: `.spec.hard["${measure}"]`, observed: most }],
        };
      const used = at(quota, "status", "used", measure);
      const [limit, now, need] = [quantity(most), quantity(used), needOf(deployment, measure, ranges)];
      if (limit === undefined || now === undefined || need === undefined || now + need <= limit) continue;
      return {
        summary: `${describe(quota)} has no room for one more: ${measure} ${String(used)} of ${String(most)} are used`,
        remedy: { text: "Raise it, or free what it counts.", command },
        evidence: [{ object: refOf(quota), field: `.status.used["${measure}"]`, observed: used, expected: most }],
      };
    }
  }
  return undefined;
};
