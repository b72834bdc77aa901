import { livingConditions, unknown, type Verdict } from "../knative/conditions.ts";
import { refOf } from "../objects.ts";
import type { Api, Obj } from "../types.ts";
import { EXTERNAL_SERVICE, GATEWAY_NAMESPACE, INTERNAL_SERVICE, MANAGER } from "./names.ts";

/** Writes the status of a kingress. `error`: what its last reconciliation failed with. */
export const writeKingressStatus = async (
  api: Api,
  kingress: Obj,
  configured: Verdict,
  balanced: Verdict,
  error?: string,
): Promise<void> => {
  const address = (service: string) => ({
    ingress: [{ domainInternal: `${service}.${GATEWAY_NAMESPACE}.svc.cluster.local` }],
  });
  await api.update(
    MANAGER,
    refOf(kingress),
    (draft) => {
      const conditions = livingConditions(draft.status?.conditions, {
        NetworkConfigured: configured,
        LoadBalancerReady: balanced,
      });
      draft.status = {
        ...draft.status,
        observedGeneration: kingress.metadata.generation,
        conditions: error
          ? conditions.map((one) =>
              one.type === "Ready" ? { ...one, ...unknown("ReconcileIngressFailed", error) } : one,
            )
          : conditions,
        ...(balanced.status === "True"
          ? { publicLoadBalancer: address(EXTERNAL_SERVICE), privateLoadBalancer: address(INTERNAL_SERVICE) }
          : {}),
      };
    },
    { subresource: "status" },
  );
};
