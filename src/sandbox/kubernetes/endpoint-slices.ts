import {
  conditionOf,
  contentHash,
  hasLabels,
  isPodReady,
  isTrue,
  keyOf,
  keysOfKind,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, Obj } from "../types.ts";

const MANAGER = "kube-controller-manager";

/** One EndpointSlice per Service with a selector: the pods behind it and whether they are ready. */
export const endpointSlices = ({ api }: Stage): Reconciler => ({
  name: "endpointslice",
  keys: (event) => {
    if (event.object.kind !== "Pod") return keysOfKind(event, "v1", "Service");
    const { object } = event;
    return api
      .list("v1", "Service", object.metadata.namespace)
      .filter((service) => hasLabels(object, service.spec.selector))
      .map(keyOf);
  },
  reconcile: async (key) => {
    const service = api.get(refAt("v1", "Service", key));
    if (!service?.spec.selector || service.metadata.deletionTimestamp) return undefined;
    const pods = podsBehind(api, service);
    await writeSlice(api, MANAGER, service, {
      managedBy: "endpointslice-controller.k8s.io",
      labels: service.metadata.labels ?? {},
      annotations: triggeredBy(pods),
      endpoints: pods.map((pod) => ({
        addresses: [pod.status.podIP],
        // A pod on its way out still serves; "ready" it is not called any more (endpointslice/utils.go).
        conditions: {
          ready: isPodReady(pod),
          serving: isTrue(pod, "Ready"),
          terminating: pod.metadata.deletionTimestamp !== undefined,
        },
        nodeName: pod.spec.nodeName,
        targetRef: { kind: "Pod", name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
      })),
      ports: (service.spec.ports ?? []).map((port: Obj) => ({
        name: port.name ?? "",
        port: targetPort(port, pods[0]),
        protocol: port.protocol ?? "TCP",
      })),
    });
    return undefined;
  },
});

/** The running pods that a Service with a selector leads to. */
export const podsBehind = (api: Api, service: Obj): readonly Obj[] =>
  api
    .list("v1", "Pod", service.metadata.namespace)
    .filter((pod) => hasLabels(pod, service.spec.selector) && pod.status?.podIP && pod.status.phase === "Running");

/** The moment of the newest change among the pods, by which delays on the way to the endpoints are measured. */
export const triggeredBy = (pods: readonly Obj[]): Record<string, string> => {
  const [newest] = pods
    .flatMap((pod) => conditionOf(pod, "Ready")?.lastTransitionTime ?? [])
    .sort()
    .reverse();
  return newest ? { "endpoints.kubernetes.io/last-change-trigger-time": newest } : {};
};

/** The number behind a Service port: named target ports are looked up in the pod. */
export const targetPort = (port: Obj, pod: Obj | undefined): number => {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  const ports: Obj[] = (pod?.spec.containers ?? []).flatMap((container: Obj) => container.ports ?? []);
  return ports.find(({ name }) => name === target)?.containerPort ?? port.port;
};

/** Writes the one slice of a Service. */
export const writeSlice = async (
  api: Api,
  manager: string,
  service: Obj,
  slice: {
    managedBy: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    endpoints: readonly unknown[];
    ports: readonly unknown[];
  },
): Promise<void> => {
  const generateName = `${service.metadata.name}-`;
  const name = `${generateName}${contentHash(service.metadata.uid, 5)}`;
  const namespace = service.metadata.namespace ?? "";
  const { endpoints, ports, managedBy, annotations = {} } = slice;
  const labels = {
    ...slice.labels,
    "endpointslice.kubernetes.io/managed-by": managedBy,
    "kubernetes.io/service-name": service.metadata.name,
  };
  const current = api.get({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace, name });
  if (current) {
    await api.update(manager, refOf(current), (draft) => {
      draft.metadata.labels = labels;
      if (Object.keys(annotations).length > 0) draft.metadata.annotations = annotations;
      draft.endpoints = endpoints;
      draft.ports = ports;
    });
    return;
  }
  await api.create(manager, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      generateName,
      namespace,
      labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [ownerReference(service)],
    },
    addressType: "IPv4",
    endpoints,
    ports,
  });
};

/** The ready endpoints of a Service by all its slices. */
export const readyEndpoints = (api: Api, namespace: string, service: string): readonly Obj[] =>
  api
    .list("discovery.k8s.io/v1", "EndpointSlice", namespace)
    .filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === service)
    .flatMap((slice) => (slice.endpoints ?? []) as Obj[])
    .filter((endpoint) => endpoint.conditions?.ready !== false);
