import { keysOfKind, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";

/** The cloud's side of LoadBalancer Services: an address of loopback for each, one name for all of them, or nobody who claims them. */
export type LoadBalancer = "addresses" | { readonly hostname: string } | "none";

/** The addresses are given out in order; one whose Service has gone is free again. */
const addressOf = (number: number): string => `127.0.0.${number}`;

type Entry = { readonly ip?: string; readonly hostname?: string };

const entriesOf = (service: Obj): readonly Entry[] => service.status?.loadBalancer?.ingress ?? [];

const freeAddress = (services: readonly Obj[]): string => {
  const taken = new Set(services.flatMap(entriesOf).map(({ ip }) => ip));
  let number = 1;
  while (taken.has(addressOf(number))) number += 1;
  return addressOf(number);
};

export const loadBalancers = ({ api }: Stage, address: LoadBalancer): Reconciler => ({
  name: "load-balancer",
  keys: (event) => keysOfKind(event, "v1", "Service"),
  reconcile: async (key) => {
    const service = api.get(refAt("v1", "Service", key));
    if (!service || service.metadata.deletionTimestamp || address === "none") return undefined;
    // Another class belongs to another controller, and there is none here.
    const isOurs = service.spec.type === "LoadBalancer" && service.spec.loadBalancerClass === undefined;
    const [present] = entriesOf(service);
    if (!isOurs && !present) return undefined;
    const fresh = (): Entry =>
      address === "addresses" ? { ip: present?.ip ?? freeAddress(api.list("v1", "Service")) } : address;
    const entry = isOurs ? fresh() : {};
    await api.update(
      "cloud-controller-manager",
      refOf(service),
      (draft) => {
        draft.status = {
          ...draft.status,
          loadBalancer: isOurs ? { ingress: [entry.ip ? { ...entry, ipMode: "VIP" } : entry] } : {},
        };
      },
      { subresource: "status" },
    );
    return undefined;
  },
});
