import { quantity } from "../../kube/quantity.ts";
import { at, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { type Barred, containersOf, listOf, saysOf } from "./barred.ts";

/** A LimitRange whose least or most is passed (plugin LimitRanger). */
export const byRange = (deployment: KubeObject, ranges: readonly KubeObject[]): Barred | undefined => {
  for (const range of ranges)
    for (const limit of listOf(at(range, "spec", "limits")).filter(({ type }) => type === "Container"))
      for (const container of containersOf(deployment))
        for (const resource of ["cpu", "memory"]) {
          const [least, most] = [at(limit, "min", resource), at(limit, "max", resource)];
          const request = saysOf(container, `requests.${resource}`, ranges);
          const bound = saysOf(container, `limits.${resource}`, ranges);
          const [low, asked, high, cap] = [least, request, most, bound].map(quantity);
          const isLess = low !== undefined && asked !== undefined && asked < low;
          const isMore = high !== undefined && (cap === undefined || cap > high);
          if (!isLess && !isMore) continue;
          const { name, namespace } = range.metadata;
          const asks = isLess
            ? `at least ${String(least)} of ${resource}, and ${textAt(container, "name")} asks for ${String(request)}`
            : `at most ${String(most)} of ${resource}, and ${textAt(container, "name")} has ${bound === undefined ? "no limit" : String(bound)}`;
          return {
            summary: `${describe(range)} allows ${asks}`,
            remedy: {
              text: "Change the LimitRange, or what the container asks for; of queue-proxy that stands in config-deployment (`queue-sidecar-cpu-request` and its like).",
              command: sh`kubectl edit limitrange ${name} ${inNamespace(namespace)}`,
            },
            evidence: [
              {
                object: refOf(range),
                field: `.spec.limits[*].${isLess ? "min" : "max"}.${resource}`,
                observed: isLess ? least : most,
              },
            ],
          };
        }
  return undefined;
};
