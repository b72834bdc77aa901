import { ENDPOINTS_DEPRECATED_SINCE, minorOf } from "../api/ages.ts";
import { hasLabels, isPodReady, keyOf, keysOfKind, refAt, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { podsBehind, targetPort, triggeredBy } from "./endpoint-slices.ts";

const MANAGER = "kube-controller-manager";

/**
 * The deprecated Endpoints beside each Service with a selector: its labels, no owner. They go because their controller takes
 * them away when no Service of their name is left, whoever made them.
 */
export const endpoints = ({ api, version }: Stage): Reconciler => ({
  name: "endpoints",
  keys: (event) => {
    const { object } = event;
    if (object.kind !== "Pod") return keysOfKind(event, "v1", "Service");
    return api
      .list("v1", "Service", object.metadata.namespace)
      .filter((service) => hasLabels(object, service.spec.selector))
      .map(keyOf);
  },
  reconcile: async (key) => {
    const ref = refAt("v1", "Endpoints", key);
    const service = api.get(refAt("v1", "Service", key));
    if (!service) await api.remove(ref);
    if (!service?.spec.selector || service.metadata.deletionTimestamp) return undefined;
    const pods = podsBehind(api, service);
    const mark =
      minorOf(version) >= ENDPOINTS_DEPRECATED_SINCE
        ? { "endpoints.kubernetes.io/managed-by": "endpoint-controller" }
        : {};
    const labels = { ...service.metadata.labels, ...mark };
    const annotations = triggeredBy(pods);
    const ready = pods.filter(isPodReady);
    const waiting = pods.filter((pod) => !isPodReady(pod));
    const subsets = [
      {
        ...(ready.length > 0 ? { addresses: ready.map(addressOf) } : {}),
        ...(waiting.length > 0 ? { notReadyAddresses: waiting.map(addressOf) } : {}),
        ports: (service.spec.ports ?? []).map((port: Obj) => ({
          ...(port.name ? { name: port.name } : {}),
          port: targetPort(port, pods[0]),
          protocol: port.protocol ?? "TCP",
        })),
      },
    ];
    const updated = await api.update(MANAGER, ref, (draft) => {
      draft.metadata.labels = labels;
      if (pods.length > 0) draft.metadata.annotations = annotations;
      if (pods.length > 0) draft.subsets = subsets;
      else delete draft.subsets;
    });
    if (updated) return undefined;
    const { name, namespace = "" } = service.metadata;
    await api.create(MANAGER, {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name, namespace, labels, ...(pods.length > 0 ? { annotations } : {}) },
      ...(pods.length > 0 ? { subsets } : {}),
    });
    return undefined;
  },
});

const addressOf = ({ metadata, spec, status }: Obj) => ({
  ip: status.podIP,
  nodeName: spec.nodeName,
  targetRef: { kind: "Pod", name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
});
