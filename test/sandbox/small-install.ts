import { readyEndpoints } from "../../src/sandbox/kubernetes/endpoint-slices.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import type { World } from "../../src/sandbox/world.ts";
import { apply, config, deployment, isAvailable, merge, until } from "./install.ts";

/** Serving and Kourier reduced to what the world acts on, so that its tests need no release files. */

const SERVING = "knative-serving";
const GATEWAY = "kourier-system";

const namespace = (name: string): Obj => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

const crd = (group: string, version: string, kind: string, plural: string): Obj => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});

const CRDS = [
  crd("serving.knative.dev", "v1", "Service", "services"),
  crd("serving.knative.dev", "v1", "Configuration", "configurations"),
  crd("serving.knative.dev", "v1", "Revision", "revisions"),
  crd("serving.knative.dev", "v1", "Route", "routes"),
  crd("networking.internal.knative.dev", "v1alpha1", "Ingress", "ingresses"),
  crd("networking.internal.knative.dev", "v1alpha1", "ServerlessService", "serverlessservices"),
  crd("networking.internal.knative.dev", "v1alpha1", "Certificate", "certificates"),
  crd("autoscaling.internal.knative.dev", "v1alpha1", "PodAutoscaler", "podautoscalers"),
];

export const workload = (name: string, space: string, extra: { spec?: object; container?: object } = {}): Obj => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: space },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image: `example.com/${name}:1`, ...extra.container }], ...extra.spec },
    },
  },
});

const service = (name: string, space: string, app: string, ports: object[], type = "ClusterIP"): Obj => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: space },
  spec: { type, selector: { app }, ports },
});

const https = (name: string, target: number) => ({ name, port: 443, targetPort: target, protocol: "TCP" });
const http = (name: string, target: number) => ({ name, port: 80, targetPort: target, protocol: "TCP" });

const configMap = (name: string, component: string, data: Record<string, string> = {}): Obj => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    namespace: SERVING,
    labels: { "app.kubernetes.io/name": "knative-serving", "app.kubernetes.io/component": component },
    annotations: { "knative.dev/example-checksum": "6eec9b9f" },
  },
  data: { _example: "example", ...data },
});

const webhook = (name: string, kind: "Mutating" | "Validating", rules?: object[], objectSelector?: object): Obj => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: `${kind}WebhookConfiguration`,
  metadata: { name },
  webhooks: [
    {
      name,
      admissionReviewVersions: ["v1"],
      clientConfig: { service: { name: "webhook", namespace: SERVING } },
      failurePolicy: "Fail",
      sideEffects: "None",
      timeoutSeconds: 10,
      ...(rules ? { rules } : {}),
      ...(objectSelector ? { objectSelector } : {}),
    },
  ],
});

const RULES = (operations: string[]) => [
  {
    apiGroups: ["serving.knative.dev", "networking.internal.knative.dev", "autoscaling.internal.knative.dev"],
    apiVersions: ["*"],
    operations,
    resources: [
      "services",
      "configurations",
      "revisions",
      "routes",
      "ingresses",
      "serverlessservices",
      "podautoscalers",
    ],
    scope: "*",
  },
];

const COMPONENTS = {
  matchExpressions: [{ key: "app.kubernetes.io/name", operator: "In", values: ["knative-serving"] }],
};

export const SERVING_OBJECTS: readonly Obj[] = [
  namespace(SERVING),
  ...CRDS,
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "controller", namespace: SERVING } },
  configMap("config-network", "networking"),
  configMap("config-domain", "controller"),
  configMap("config-autoscaler", "autoscaler"),
  configMap("config-observability", "observability"),
  configMap("config-defaults", "controller"),
  configMap("config-deployment", "controller", { "queue-sidecar-image": "example.com/queue:1" }),
  { apiVersion: "v1", kind: "Secret", metadata: { name: "webhook-certs", namespace: SERVING } },
  ...["controller", "webhook", "autoscaler", "activator"].map((name) =>
    workload(name, SERVING, { spec: { serviceAccountName: "controller" } }),
  ),
  service("webhook", SERVING, "webhook", [https("https-webhook", 8443)]),
  service("activator-service", SERVING, "activator", [http("http", 8012)]),
  service("autoscaler", SERVING, "autoscaler", [{ name: "http", port: 8080, targetPort: 8080 }]),
  webhook("config.webhook.serving.knative.dev", "Validating", undefined, COMPONENTS),
  webhook("webhook.serving.knative.dev", "Mutating", RULES(["CREATE", "UPDATE"])),
  webhook("validation.webhook.serving.knative.dev", "Validating", RULES(["CREATE", "UPDATE", "DELETE"])),
];

export const KOURIER_OBJECTS: readonly Obj[] = [
  namespace(GATEWAY),
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kourier-bootstrap", namespace: GATEWAY }, data: {} },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config-kourier", namespace: SERVING }, data: {} },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "net-kourier", namespace: SERVING } },
  workload("net-kourier-controller", SERVING, {
    spec: { serviceAccountName: "net-kourier" },
    container: {
      name: "controller",
      env: [
        { name: "CERTS_SECRET_NAMESPACE", value: "" },
        { name: "CERTS_SECRET_NAME", value: "" },
      ],
    },
  }),
  service("net-kourier-controller", SERVING, "net-kourier-controller", [
    { name: "xds", port: 18000, targetPort: 18000 },
  ]),
  workload("3scale-kourier-gateway", GATEWAY, {
    spec: { volumes: [{ name: "config-volume", configMap: { name: "kourier-bootstrap" } }] },
  }),
  service("kourier", GATEWAY, "3scale-kourier-gateway", [http("http2", 8080), https("https", 8443)], "LoadBalancer"),
  service("kourier-internal", GATEWAY, "3scale-kourier-gateway", [http("http2", 8081), https("https", 8444)]),
];

const DEPLOYMENTS = [
  ...["controller", "webhook", "autoscaler", "activator", "net-kourier-controller"].map((name) => deployment(name)),
  deployment("3scale-kourier-gateway", GATEWAY),
];

/** Installs both and waits until everything is available; then sets the ingress class and the domain. */
export const installSmall = async (world: World, domain = "example.com"): Promise<void> => {
  await apply(world, ...SERVING_OBJECTS, ...KOURIER_OBJECTS);
  await until(world, "all Deployments available", () => isAvailable(world, ...DEPLOYMENTS));
  // Filled in is not enough: its Service may not have an endpoint yet.
  const isAnswering = (): boolean => isFilledIn(world) && readyEndpoints(world.api, SERVING, "webhook").length > 0;
  await until(world, "the config webhook answering", isAnswering);
  await set(world, "config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" });
  await set(world, "config-domain", { [domain]: "" });
};

export const isFilledIn = (world: World): boolean => {
  const name = "config.webhook.serving.knative.dev";
  const kind = "ValidatingWebhookConfiguration";
  const found = world.api.get({ apiVersion: "admissionregistration.k8s.io/v1", kind, name });
  return Boolean(found?.webhooks[0].clientConfig.caBundle && found.webhooks[0].rules);
};

/** Changes keys of a ConfigMap; throws when the webhook refuses. */
export const set = async (world: World, name: string, data: Record<string, string | null>): Promise<void> => {
  const { status, message } = await merge(world, config(name), { data });
  if (status !== 200) throw new Error(message);
};
