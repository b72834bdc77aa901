import { keyOf, keysOfKind, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, Obj } from "../types.ts";

/**
 * The cloud's side of LoadBalancer Services: an address of loopback for each, one name for all of them, the addresses of the nodes (k3s'
 * ServiceLB), or nobody who claims them.
 */
export type LoadBalancer = "addresses" | { readonly hostname: string } | "nodes" | "none";

/** The addresses are given out in order; one whose Service has gone is free again. */
const addressOf = (number: number): string => `127.0.0.${number}`;

type Entry = { readonly ip?: string; readonly hostname?: string };

const entriesOf = (service: Obj): readonly Entry[] => service.status?.loadBalancer?.ingress ?? [];

/** The addresses of the nodes, once each; none while another Service has one of the ports there. */
const nodeAddresses = (api: Api, service: Obj): readonly Entry[] => {
  const holds = ({ spec }: Obj): boolean =>
    (spec.ports as Obj[]).some(({ port }) => (service.spec.ports as Obj[]).some((own) => own.port === port));
  const others = api.list("v1", "Service").filter((one) => one.metadata.uid !== service.metadata.uid);
  if (others.some((other) => entriesOf(other).length > 0 && holds(other))) return [];
  const addresses = api.list("v1", "Node").map(({ status }) => {
    const of = (type: string) => (status?.addresses as Obj[] | undefined)?.find((one) => one.type === type)?.address;
    return of("ExternalIP") ?? of("InternalIP");
  });
  return [...new Set(addresses)].map((ip) => ({ ip }));
};

const freeAddress = (services: readonly Obj[]): string => {
  const taken = new Set(services.flatMap(entriesOf).map(({ ip }) => ip));
  let number = 1;
  while (taken.has(addressOf(number))) number += 1;
  return addressOf(number);
};

export const loadBalancers = ({ api }: Stage, address: LoadBalancer): Reconciler => ({
  name: "load-balancer",
  keys: (event) => {
    const keys = keysOfKind(event, "v1", "Service");
    // Who goes leaves its ports to another.
    return address === "nodes" && keys.length > 0 ? api.list("v1", "Service").map(keyOf) : keys;
  },
  reconcile: async (key) => {
    const service = api.get(refAt("v1", "Service", key));
    if (!service || service.metadata.deletionTimestamp || address === "none") return undefined;
    // Another class belongs to another controller, and there is none here.
    const isOurs = service.spec.type === "LoadBalancer" && service.spec.loadBalancerClass === undefined;
    const [present] = entriesOf(service);
    if (!isOurs && !present) return undefined;
    const fresh = (): readonly Entry[] => {
      if (address === "nodes") return nodeAddresses(api, service);
      return [address === "addresses" ? { ip: present?.ip ?? freeAddress(api.list("v1", "Service")) } : address];
    };
    const entries = isOurs ? fresh() : [];
    await api.update(
      "cloud-controller-manager",
      refOf(service),
      (draft) => {
        draft.status = {
          ...draft.status,
          loadBalancer:
            entries.length > 0
              ? { ingress: entries.map((entry) => (entry.ip ? { ...entry, ipMode: "VIP" } : entry)) }
              : {},
        };
      },
      { subresource: "status" },
    );
    return undefined;
  },
});
