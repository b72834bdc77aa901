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

const values = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables).map(([name, value]) => ({ name, value }));
const field = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
});

/** Pods of a Revision rather on different nodes (`default-affinity-type`). */
const apart = (revision: string) => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          labelSelector: { matchLabels: { "serving.knative.dev/revision": revision } },
          topologyKey: "kubernetes.io/hostname",
        },
      },
    ],
  },
});

/** The Deployment of a Revision: the user's containers with Knative's environment, and queue-proxy beside them, as Serving 1.23 makes them. */
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
  const isServing = (container: Obj): boolean => containers.length === 1 || container.ports?.length > 0;
  const portOf = (container: Obj | undefined): number => container?.ports?.[0]?.containerPort ?? 8080;
  const server = (containers as Obj[]).find(isServing);
  const servingPort = portOf(server);
  const users = (containers as Obj[]).map((container) => {
    const serves = isServing(container);
    const port = portOf(container);
    const { readinessProbe: _probe, ports: _ports, ...rest } = container;
    return {
      ...rest,
      image: digests.find((digest) => digest.name === container.name)?.imageDigest || container.image,
      env: [...(container.env ?? []), ...(serves ? [{ name: "PORT", value: String(port) }] : []), ...environment],
      ...(serves ? { ports: [{ name: "user-port", containerPort: port, protocol: "TCP" }] } : {}),
      lifecycle: { preStop: { httpGet: { path: "/wait-for-drain", port: 8022, scheme: "HTTP" } } },
      terminationMessagePolicy: "FallbackToLogsOnError",
    };
  });
  const queue = {
    name: "queue-proxy",
    image: settings.queueImage,
    ports: [
      { name: "http-autometric", containerPort: 9090, protocol: "TCP" },
      { name: "http-usermetric", containerPort: 9091, protocol: "TCP" },
      { name: "queue-port", containerPort: 8012, protocol: "TCP" },
      { name: "https-port", containerPort: 8112, protocol: "TCP" },
    ],
    env: [
      ...values({
        SERVING_NAMESPACE: namespace,
        SERVING_SERVICE: service,
        SERVING_CONFIGURATION: configuration,
        SERVING_REVISION: name,
        QUEUE_SERVING_PORT: "8012",
        QUEUE_SERVING_TLS_PORT: "8112",
        CONTAINER_CONCURRENCY: String(containerConcurrency ?? 0),
        REVISION_TIMEOUT_SECONDS: String(timeoutSeconds ?? 300),
        REVISION_RESPONSE_START_TIMEOUT_SECONDS: String(revision.spec.responseStartTimeoutSeconds ?? 0),
        REVISION_IDLE_TIMEOUT_SECONDS: String(revision.spec.idleTimeoutSeconds ?? 0),
      }),
      field("SERVING_POD", "metadata.name"),
      field("SERVING_POD_IP", "status.podIP"),
      { name: "SERVING_LOGGING_CONFIG" },
      { name: "SERVING_LOGGING_LEVEL" },
      ...values({
        USER_PORT: String(servingPort),
        SYSTEM_NAMESPACE: NAMESPACE,
        SERVING_READINESS_PROBE: JSON.stringify({
          tcpSocket: { port: servingPort, host: "127.0.0.1" },
          successThreshold: 1,
        }),
      }),
      field("HOST_IP", "status.hostIP"),
      ...values({ ENABLE_HTTP2_AUTO_DETECTION: "false", ENABLE_HTTP_FULL_DUPLEX: "false" }),
      { name: "ROOT_CA" },
      { name: "QUEUE_PROXY_TLS_MIN_VERSION" },
      { name: "QUEUE_PROXY_TLS_MAX_VERSION" },
      { name: "QUEUE_PROXY_TLS_CIPHER_SUITES" },
      { name: "QUEUE_PROXY_TLS_CURVE_PREFERENCES" },
      ...values({ ENABLE_MULTI_CONTAINER_PROBES: "false", OBSERVABILITY_CONFIG: settings.observability }),
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
        metadata: {
          labels,
          annotations: { ...podAnnotations, "kubectl.kubernetes.io/default-container": server?.name ?? "" },
        },
        spec: {
          affinity: apart(name),
          ...podSpec,
          containers: [...users, queue],
          terminationGracePeriodSeconds: timeoutSeconds,
        },
      },
    },
  };
};
