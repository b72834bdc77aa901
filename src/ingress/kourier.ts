import { at, isRecord, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { type IngressProvider, NODE_PORTS } from "./provider.ts";

const controller: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "knative-serving",
  name: "net-kourier-controller",
};
const gateway: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "kourier-system",
  name: "3scale-kourier-gateway",
};
const service: ObjectRef = { apiVersion: "v1", kind: "Service", namespace: "kourier-system", name: "kourier" };
const CERTS_ENV = ["CERTS_SECRET_NAMESPACE", "CERTS_SECRET_NAME"];

const is = (object: KubeObject, ref: ObjectRef): boolean =>
  object.kind === ref.kind && object.metadata.name === ref.name && object.metadata.namespace === ref.namespace;

const asNodePort = (object: KubeObject): KubeObject => {
  const spec = object.spec as { ports: { port: number }[] };
  const ports = spec.ports.map((port) => ({
    ...port,
    nodePort: port.port === 443 ? NODE_PORTS.https : NODE_PORTS.http,
  }));
  return { ...object, spec: { ...spec, type: "NodePort", ports } };
};

/** Before 1.19 the certificate's place is set in the controller's environment, by its own manager: the manifest must not claim it. */
const withoutCertsEnv = (object: KubeObject): KubeObject => {
  const copy = structuredClone(object);
  const containers = at(copy, "spec", "template", "spec", "containers");
  for (const container of Array.isArray(containers) ? containers : []) {
    if (isRecord(container) && Array.isArray(container.env)) {
      container.env = container.env.filter((variable) => !CERTS_ENV.includes(String(at(variable, "name"))));
    }
  }
  return copy;
};

export const kourier: IngressProvider = {
  id: "kourier",
  title: "Kourier",
  className: "kourier.ingress.networking.knative.dev",
  component: "net-kourier",
  asset: "kourier.yaml",
  service,
  deployments: [controller, gateway],
  products: [
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace: "knative-serving",
      // The component's name and the reconciler's package (net-kourier pkg/reconciler/ingress/config/config.go, cmd/kourier/main.go).
      name: /^net-kourier-controller\.knative\.dev\.net-kourier\.pkg\.reconciler\.ingress\.reconciler\.\d\d-of-\d\d$/,
      maker: controller,
    },
  ],
  transform: (object, { expose, configMapKeys }) => {
    if (is(object, service) && expose === "nodeport") return asNodePort(object);
    if (is(object, controller) && !configMapKeys) return withoutCertsEnv(object);
    return object;
  },
  // Kourier reads the Secret when its controller starts or an ingress reconciles, and crash-loops when it is missing
  // (rule 14): so this comes after the Secret, and the fingerprint in the pod template rolls the controller.
  serveCertificate: ({ secret, fingerprint }, { configMapKeys }) => {
    const env = [
      { name: "CERTS_SECRET_NAMESPACE", value: secret.namespace },
      { name: "CERTS_SECRET_NAME", value: secret.name },
    ];
    const podSpec = configMapKeys ? {} : { spec: { containers: [{ name: "controller", env }] } };
    const roll: KubeObject = {
      apiVersion: controller.apiVersion,
      kind: controller.kind,
      metadata: { namespace: "knative-serving", name: controller.name },
      spec: { template: { metadata: { annotations: { "kn-bootstrap/certificate": fingerprint } }, ...podSpec } },
    };
    const config: KubeObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "knative-serving", name: "config-kourier" },
      data: { "certs-secret-namespace": secret.namespace, "certs-secret-name": secret.name },
    };
    return configMapKeys ? [config, roll] : [roll];
  },
};
