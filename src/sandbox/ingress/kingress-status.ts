import { livingConditions, unknown, type Verdict } from "../knative/conditions.ts";
import { refOf } from "../objects.ts";
import type { Api, Obj } from "../types.ts";

/** What every ingress controller writes into the kingresses of its class (networking pkg/apis/networking/v1alpha1). */

/** Of the generated reconcilers: the plural of the kind and its group. */
export const KINGRESS_FINALIZER = "ingresses.networking.internal.knative.dev";

export const WAITING: Verdict = unknown("Uninitialized", "Waiting for load balancer to be ready");

/** The entry of a load balancer that is a Service of the cluster, by its host name. */
export const behindService = (host: string): object => ({ domainInternal: host });

export interface KingressState {
  readonly configured: Verdict;
  readonly balanced: Verdict;
  /** What the last reconciliation failed with. */
  readonly error?: string | undefined;
  /** Where it is answered, once it is. */
  readonly addresses: { readonly open: object; readonly local: object };
}

export const writeKingressStatus = async (
  api: Api,
  manager: string,
  kingress: Obj,
  { configured, balanced, error, addresses }: KingressState,
): Promise<void> => {
  await api.update(
    manager,
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
          ? {
              publicLoadBalancer: { ingress: [addresses.open] },
              privateLoadBalancer: { ingress: [addresses.local] },
            }
          : {}),
      };
    },
    { subresource: "status" },
  );
};

/** Adds the finalizer that the controller takes away when the kingress goes. */
export const holdKingress = async (api: Api, manager: string, kingress: Obj): Promise<void> => {
  if (kingress.metadata.finalizers?.includes(KINGRESS_FINALIZER)) return;
  await api.update(manager, refOf(kingress), (draft) => {
    draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), KINGRESS_FINALIZER];
  });
};
