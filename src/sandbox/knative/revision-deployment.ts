import { ownerReference } from "../objects.ts";
import type { Obj } from "../types.ts";
import { NAMESPACE } from "./names.ts";

/** Settings of other ConfigMaps that end up in the pods of a Revision: a change rolls them. */
export interface PodSettings {
  readonly queueImage: string;
  readonly observability: string;
  readonly initialScale: number;
  readonly progressDeadlineSeconds: number;
}

/** The Deployment of a Revision: the user's containers with Knative's environment, and queue-proxy beside them. */
export const revisionDeployment = (revision: Obj, settings: PodSettings): Obj => {
  const { name, namespace = "", uid = "", labels: own = {}, annotations = {} } = revision.metadata;
  const labels = {
    ...own,
    app: name,
    "serving.knative.dev/revision": name,
    "serving.knative.dev/revisionUID": uid,
  };
  // The routing state changes with every Route and must not roll the pods.
  delete (labels as Record<string, string>)["serving.knative.dev/routingState"];
  const podAnnotations = Object.fromEntries(
    Object.entries(annotations).filter(([key]) => !key.startsWith("serving.knative.dev/rout")),
  );
  const service = own["serving.knative.dev/service"] ?? "";
  const configuration = own["serving.knative.dev/configuration"] ?? "";
  const environment = [
    { name: "K_REVISION", value: name },
    { name: "K_CONFIGURATION", value: configuration },
    { name: "K_SERVICE", value: service },
  ];
  const { containerConcurrency, timeoutSeconds, containers, ...podSpec } = revision.spec;
  const digests: Obj[] = revision.status?.containerStatuses ?? [];
  const users = (containers as Obj[]).map((container) => {
    const isServing = containers.length === 1 || container.ports?.length > 0;
    const port: number = container.ports?.[0]?.containerPort ?? 8080;
    const { readinessProbe: _probe, ports: _ports, ...rest } = container;
    return {
      ...rest,
      image: digests.find((digest) => digest.name === container.name)?.imageDigest || container.image,
      env: [...(container.env ?? []), ...(isServing ? [{ name: "PORT", value: String(port) }] : []), ...environment],
      ...(isServing ? { ports: [{ name: "user-port", containerPort: port, protocol: "TCP" }] } : {}),
      lifecycle: { preStop: { httpGet: { path: "/wait-for-drain", port: 8022, scheme: "HTTP" } } },
      terminationMessagePolicy: "FallbackToLogsOnError",
    };
  });
  const queue = {
    name: "queue-proxy",
    image: settings.queueImage,
    ports: [
      { name: "http-queueadm", containerPort: 8022, protocol: "TCP" },
      { name: "http-autometric", containerPort: 9090, protocol: "TCP" },
      { name: "http-usermetric", containerPort: 9091, protocol: "TCP" },
      { name: "queue-port", containerPort: 8012, protocol: "TCP" },
      { name: "https-port", containerPort: 8112, protocol: "TCP" },
    ],
    env: [
      { name: "SERVING_NAMESPACE", value: namespace },
      { name: "SERVING_SERVICE", value: service },
      { name: "SERVING_CONFIGURATION", value: configuration },
      { name: "SERVING_REVISION", value: name },
      { name: "CONTAINER_CONCURRENCY", value: String(containerConcurrency ?? 0) },
      { name: "REVISION_TIMEOUT_SECONDS", value: String(timeoutSeconds ?? 300) },
      { name: "SYSTEM_NAMESPACE", value: NAMESPACE },
      { name: "OBSERVABILITY_CONFIG", value: settings.observability },
    ],
    resources: { requests: { cpu: "25m" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    readinessProbe: { httpGet: { path: "/", port: 8012, httpHeaders: [{ name: "K-Network-Probe", value: "queue" }] } },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: `${name}-deployment`,
      namespace,
      labels,
      annotations: podAnnotations,
      ownerReferences: [ownerReference(revision)],
    },
    spec: {
      replicas: settings.initialScale,
      selector: { matchLabels: { "serving.knative.dev/revisionUID": uid } },
      progressDeadlineSeconds: settings.progressDeadlineSeconds,
      revisionHistoryLimit: 0,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: podAnnotations },
        spec: { ...podSpec, containers: [...users, queue], terminationGracePeriodSeconds: timeoutSeconds },
      },
    },
  };
};
