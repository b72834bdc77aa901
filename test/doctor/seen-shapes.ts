import type { KubeObject } from "../../src/ports/object.ts";
import { object, type Scene } from "./scene.ts";

/** Healthy clusters whose ingress others install, from one that has Kourier. The names are those of the released manifests. */

const CLASS = (name: string) => ({ "ingress-class": `${name}.ingress.networking.knative.dev` });
const running = { availableReplicas: 1, observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1 };
const deployment = (name: string, labels: object = {}): KubeObject =>
  object("Deployment.apps/v1", name, {
    spec: { replicas: 1, template: { metadata: { labels } } },
    status: running,
  });

const isKouriers = ({ kind, metadata: { namespace, name } }: KubeObject): boolean =>
  namespace === "kourier-system" ||
  /^net-kourier|^config-kourier/.test(name) ||
  (kind === "Namespace" && name === "kourier-system");

/** Without its Kourier; with the address that its gateway had at another Service. */
const instead = (scene: Scene, name: string, objects: (address: unknown) => readonly KubeObject[]): Scene => {
  const gateway = scene.objects.find(({ metadata }) => metadata.name === "kourier" && isKouriersService(metadata));
  const kept = scene.objects.filter((one) => !isKouriers(one));
  const network = kept.map((one) =>
    one.kind === "ConfigMap" && one.metadata.name === "config-network"
      ? { ...one, data: { ...(one.data as object), ...CLASS(name), "http-protocol": "Enabled" } }
      : one,
  );
  return { ...scene, objects: [...network, ...objects(gateway?.status)] };
};

const isKouriersService = ({ namespace }: KubeObject["metadata"]): boolean => namespace === "kourier-system";

const balanced = (name: string, selector: object, status: unknown): KubeObject =>
  object("Service", name, {
    spec: {
      type: "LoadBalancer",
      selector,
      ports: [
        { port: 80, targetPort: 8080 },
        { port: 443, targetPort: 8443 },
      ],
    },
    status,
  });

/** Where such a Service leads. */
const slice = (name: string): KubeObject =>
  object(
    "EndpointSlice.discovery.k8s.io/v1",
    `${name}-1`,
    { addressType: "IPv4", endpoints: [{ addresses: ["10.244.0.9"], conditions: { ready: true } }] },
    { labels: { "kubernetes.io/service-name": name.split("/")[1] } },
  );

const ENVOY = { app: "envoy" };
export const contour = (scene: Scene): Scene =>
  instead(scene, "contour", (address) => [
    object("ConfigMap", "knative-serving/config-contour", { data: { _example: "# visibility:" } }),
    deployment("knative-serving/net-contour-controller"),
    ...["contour-external", "contour-internal"].flatMap((namespace) => [
      object("Namespace", namespace),
      deployment(`${namespace}/contour`),
      object("DaemonSet.apps/v1", `${namespace}/envoy`, {
        spec: { selector: { matchLabels: ENVOY }, template: { metadata: { labels: ENVOY } } },
        status: { desiredNumberScheduled: 3, numberReady: 3 },
      }),
    ]),
    balanced("contour-external/envoy", ENVOY, address),
    slice("contour-external/envoy"),
    object("Service", "contour-internal/envoy", { spec: { type: "ClusterIP", selector: ENVOY } }),
    object("TLSCertificateDelegation.projectcontour.io/v1", "knative-serving/knative-serving-certs", {
      spec: { delegations: [{ secretName: "routing-serving-certs", targetNamespaces: ["*"] }] },
    }),
  ]);

const ISTIO = { istio: "ingressgateway" };
const gateway = (name: string, listeners: readonly object[]): KubeObject =>
  object("Gateway.gateway.networking.k8s.io/v1", `istio-system/${name}`, {
    spec: { gatewayClassName: "istio", listeners },
    status: { conditions: ["Accepted", "Programmed"].map((type) => ({ type, status: "True" })) },
  });
const HTTP = { name: "default", port: 80, protocol: "HTTP" };

export const gatewayApi = (scene: Scene): Scene =>
  instead(scene, "gateway-api", (address) => [
    object("ConfigMap", "knative-serving/config-gateway", { data: { _example: "# external-gateways:" } }),
    deployment("knative-serving/net-gateway-api-controller"),
    deployment("knative-serving/net-gateway-api-webhook"),
    object("Namespace", "istio-system"),
    deployment("istio-system/istiod"),
    deployment("istio-system/istio-ingressgateway", ISTIO),
    balanced("istio-system/istio-ingressgateway", ISTIO, address),
    slice("istio-system/istio-ingressgateway"),
    object("Service", "istio-system/knative-local-gateway", { spec: { type: "ClusterIP", selector: ISTIO } }),
    gateway("knative-gateway", [HTTP, { name: "tls", port: 443, protocol: "TLS", tls: { mode: "Passthrough" } }]),
    gateway("knative-local-gateway", [HTTP]),
  ]);
