import { readyEndpoints, writeSlice } from "../kubernetes/endpoint-slices.ts";
import {
  ensure,
  isOwnedBy,
  keyOf,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { livingConditions, unknown, yes } from "./conditions.ts";
import { CONTROLLER, NAMESPACE, NETWORKING } from "./names.ts";
import { knativeMinor, livingIn } from "./process.ts";

const KIND = "ServerlessService";
const SLICE_SERVICE = "kubernetes.io/service-name";
/** The minor of Serving that began to write EndpointSlices; before, it wrote Endpoints, which Kubernetes mirrors. */
export const SLICES_SINCE = 22;

const PORTS = [
  { name: "http", protocol: "TCP", port: 80, targetPort: 8012 },
  { name: "https", protocol: "TCP", port: 443, targetPort: 8112 },
];
/** Of queue-proxy, for who scrapes it and for pods in a mesh. */
const POD_PORTS = [
  { name: "http-autometric", protocol: "TCP", port: 9090, targetPort: "http-autometric" },
  { name: "http-usermetric", protocol: "TCP", port: 9091, targetPort: "http-usermetric" },
  { name: "http-istio", protocol: "TCP", port: 8012, targetPort: 8012 },
];

/**
 * ServerlessServices: a private Service over the Revision's pods, and a public one whose endpoints are the activator's. With
 * the default target-burst-capacity the activator stays in the path of small services, so scaling moves no endpoints.
 */
export const serverlessServices = (stage: Stage): Reconciler => {
  const { api } = stage;

  const ensureService = (sks: Obj, type: "Public" | "Private"): Promise<Obj> => {
    const isPublic = type === "Public";
    return ensure(api, CONTROLLER, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: isPublic ? sks.metadata.name : `${sks.metadata.name}-private`,
        namespace: sks.metadata.namespace ?? "",
        labels: {
          ...sks.metadata.labels,
          "networking.internal.knative.dev/serverlessservice": sks.metadata.name,
          "networking.internal.knative.dev/serviceType": type,
        },
        ownerReferences: [ownerReference(sks)],
      },
      spec: {
        ports: isPublic ? PORTS : [...PORTS, ...POD_PORTS],
        ...(isPublic
          ? {}
          : {
              selector: {
                "serving.knative.dev/revisionUID": sks.metadata.labels?.["serving.knative.dev/revisionUID"] ?? "",
              },
            }),
      },
    });
  };

  /** Where the public Service leads to. */
  const lead = async (sks: Obj, open: Obj, to: readonly Obj[]): Promise<void> => {
    const ports = [{ name: "http", port: 8012, protocol: "TCP" }];
    if (knativeMinor(stage, NAMESPACE, CONTROLLER) >= SLICES_SINCE)
      return writeSlice(api, CONTROLLER, open, {
        managedBy: "endpointslicemirroring-controller.k8s.io",
        endpoints: to,
        ports,
      });
    const { name, namespace = "", labels } = open.metadata;
    const addresses = to.flatMap((endpoint) => (endpoint.addresses as string[]).map((ip) => ({ ip })));
    await ensure(
      api,
      CONTROLLER,
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name, namespace, ...(labels ? { labels } : {}), ownerReferences: [ownerReference(sks)] },
        subsets: addresses.length > 0 ? [{ addresses, ports }] : [],
      },
      { exactly: true },
    );
  };

  return livingIn(
    stage,
    CONTROLLER,
    { apiVersion: NETWORKING, kind: KIND },
    {
      name: "serverlessservice",
      keys: (event) => {
        const { object } = event;
        const behind = object.kind === "EndpointSlice" ? object.metadata.labels?.[SLICE_SERVICE] : undefined;
        if (behind === "activator-service") return api.list(NETWORKING, KIND).map(keyOf);
        const isPrivate = behind?.endsWith("-private");
        return [
          ...keysOfKind(event, NETWORKING, KIND),
          ...keysOfOwner(event, KIND),
          ...(isPrivate ? [`${object.metadata.namespace}/${behind?.slice(0, -"-private".length)}`] : []),
        ];
      },
      reconcile: async (key) => {
        const sks = api.get(refAt(NETWORKING, KIND, key));
        if (!sks || sks.metadata.deletionTimestamp) return undefined;
        const hidden = await ensureService(sks, "Private");
        const open = await ensureService(sks, "Public");
        const pods = readyEndpoints(api, hidden.metadata.namespace ?? "", hidden.metadata.name);
        const activators = readyEndpoints(api, NAMESPACE, "activator-service");
        if (isOwnedBy(open, sks)) await lead(sks, open, activators.length > 0 ? activators : pods);
        await api.update(
          CONTROLLER,
          refOf(sks),
          (draft) => {
            draft.status = {
              observedGeneration: sks.metadata.generation,
              serviceName: open.metadata.name,
              privateServiceName: hidden.metadata.name,
              conditions: livingConditions(
                draft.status?.conditions,
                {
                  EndpointsPopulated:
                    pods.length > 0 ? yes() : unknown("NoHealthyBackends", "K8s Service is not ready"),
                },
                { ActivatorEndpointsPopulated: yes("ActivatorEndpointsPopulated", "Revision is backed by Activator") },
              ),
            };
          },
          { subresource: "status" },
        );
        return undefined;
      },
    },
  );
};
