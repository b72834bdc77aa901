import type { Kind } from "../../kube/snapshot.ts";
import { at, isRecord, type KubeObject, textAt } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf } from "../part.ts";

/** Kinds of the Prometheus operator. */
export const MONITORING = "monitoring.coreos.com/v1";
export const MONITORS: readonly Kind[] = ["ServiceMonitor", "PodMonitor"].map((kind) => ({
  apiVersion: MONITORING,
  kind,
  namespaced: true,
}));

const NAMESPACE = "knative-serving";

const monitor = (
  kind: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  spec: Readonly<Record<string, unknown>>,
): KubeObject => ({
  apiVersion: MONITORING,
  kind,
  metadata: { namespace: NAMESPACE, name, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
  spec,
});

/** What all of Knative's own Services have, and the port that shows metrics. */
const control = {
  namespaceSelector: { matchNames: [NAMESPACE] },
  selector: { matchLabels: { "app.kubernetes.io/name": "knative-serving" } },
  endpoints: [{ port: "http-metrics", path: "/metrics", honorLabels: true }],
};

/** The queue-proxy of every pod of every Service. */
const requests = {
  namespaceSelector: { any: true },
  selector: { matchExpressions: [{ key: "serving.knative.dev/revision", operator: "Exists" }] },
  podMetricsEndpoints: [{ port: "http-usermetric", path: "/metrics", honorLabels: true }],
};

const portsOf = (deployment: KubeObject): readonly unknown[] => {
  const containers = at(deployment, "spec", "template", "spec", "containers");
  return (Array.isArray(containers) ? containers : []).flatMap((container) => at(container, "ports") ?? []);
};

/** By its pods: no Service leads to where it shows what it measures. One of somebody else is theirs to look after, and old ones have no such port. */
const gateway = (install: Installation): Readonly<Record<string, unknown>> | undefined => {
  const { ingress } = install;
  const { metrics, service } = ingress;
  const objects = objectsOf(install, "ingress");
  const selector = at(
    objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === service.name),
    "spec",
    "selector",
  );
  const shows = objects.some(
    (object) =>
      object.kind === "Deployment" &&
      object.metadata.namespace === service.namespace &&
      portsOf(object).some((port) => textAt(port, "name") === metrics?.port),
  );
  if (!metrics || ingress.gateway !== undefined || !isRecord(selector) || !shows) return undefined;
  return {
    namespaceSelector: { matchNames: [service.namespace] },
    selector: { matchLabels: selector },
    podMetricsEndpoints: [{ port: metrics.port, path: metrics.path, honorLabels: true }],
  };
};

/** What is to be scraped, with labels by which a Prometheus picks it. */
export const monitorsFor = (install: Installation, labels: Readonly<Record<string, string>>): readonly KubeObject[] => {
  const ofGateway = gateway(install);
  return [
    monitor("ServiceMonitor", "knative-serving", labels, control),
    monitor("PodMonitor", "knative-requests", labels, requests),
    ...(ofGateway ? [monitor("PodMonitor", "knative-gateway", labels, ofGateway)] : []),
  ];
};
