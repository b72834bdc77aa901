import { keysOfKind, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";

/** The cloud's side of LoadBalancer Services: one address for all of them, or nobody who claims them. */
export type LoadBalancer = { readonly ip: string } | { readonly hostname: string } | "none";

export const loadBalancers = ({ api }: Stage, address: LoadBalancer): Reconciler => ({
  name: "load-balancer",
  keys: (event) => keysOfKind(event, "v1", "Service"),
  reconcile: async (key) => {
    const service = api.get(refAt("v1", "Service", key));
    if (!service || service.metadata.deletionTimestamp || address === "none") return undefined;
    // Another class belongs to another controller, and there is none here.
    const isOurs = service.spec.type === "LoadBalancer" && service.spec.loadBalancerClass === undefined;
    const hadAddress = service.status?.loadBalancer?.ingress !== undefined;
    if (!isOurs && !hadAddress) return undefined;
    await api.update(
      "cloud-controller-manager",
      refOf(service),
      (draft) => {
        draft.status = {
          ...draft.status,
          loadBalancer: isOurs ? { ingress: ["ip" in address ? { ...address, ipMode: "VIP" } : { ...address }] } : {},
        };
      },
      { subresource: "status" },
    );
    return undefined;
  },
});
