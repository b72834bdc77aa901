import { keysOfKind, refAt, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { writeSlice } from "./endpoint-slices.ts";

/**
 * Endpoints that somebody writes for a Service without a selector, as Knative did until 1.21, are mirrored into an EndpointSlice of which
 * they are the owner (pkg/controller/endpointslicemirroring).
 */
export const endpointMirrors = ({ api }: Stage): Reconciler => ({
  name: "endpointslicemirroring",
  keys: (event) => [...keysOfKind(event, "v1", "Endpoints"), ...keysOfKind(event, "v1", "Service")],
  reconcile: async (key) => {
    const service = api.get(refAt("v1", "Service", key));
    const endpoints = api.get(refAt("v1", "Endpoints", key));
    if (!service || service.spec.selector || !endpoints || endpoints.metadata.deletionTimestamp) return undefined;
    const [subset] = (endpoints.subsets ?? []) as Obj[];
    const addresses = (ready: boolean, list: readonly Obj[] = []): object[] =>
      list.map(({ ip, ...rest }) => ({ addresses: [ip], conditions: { ready }, ...rest }));
    await writeSlice(api, "kube-controller-manager", endpoints, {
      managedBy: "endpointslicemirroring-controller.k8s.io",
      labels: endpoints.metadata.labels ?? {},
      endpoints: [...addresses(true, subset?.addresses), ...addresses(false, subset?.notReadyAddresses)],
      ports: subset?.ports ?? [],
    });
    return undefined;
  },
});
