import { envoyMetrics } from "../metrics/gateway.ts";
import { at, isRecord, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { asNodePort, isThe } from "./gateway-service.ts";
import type { IngressProvider, IngressRelease, Want } from "./provider.ts";

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
const configMap: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-kourier",
};
const CERTS_ENV = ["CERTS_SECRET_NAMESPACE", "CERTS_SECRET_NAME"];

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

/** Whether this version reads the certificate's place from its ConfigMap. */
const hasCertsKeys = (setting: IngressRelease["setting"]): boolean => "configMap" in setting("certs-secret-name");

/** Fields of an object that the release brings. */
const fieldsOf = ({ apiVersion, kind, namespace, name }: ObjectRef, fields: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { ...(namespace ? { namespace } : {}), name },
  ...fields,
});

const place = (want: Want | undefined): KubeObject =>
  fieldsOf(
    configMap,
    want && { data: { "certs-secret-namespace": want.secret.namespace, "certs-secret-name": want.secret.name } },
  );

const certsEnv = (want: Want | undefined): object => {
  const [namespace, name] = CERTS_ENV;
  const env = [
    { name: namespace, value: want?.secret.namespace },
    { name, value: want?.secret.name },
  ];
  return { spec: { containers: [{ name: "controller", env }] } };
};

/**
 * Kourier reads the Secret when its controller starts or an ingress reconciles, and crash-loops when it is missing (rule 14). So this comes
 * after the Secret, and the fingerprint in the pod template rolls the controller.
 */
const roll = (want: Want | undefined, podSpec: object = {}): KubeObject =>
  fieldsOf(
    controller,
    want && {
      spec: { template: { metadata: { annotations: { "kn-bootstrap/certificate": want.fingerprint } }, ...podSpec } },
    },
  );

export const kourier: IngressProvider<"kourier"> = {
  id: "kourier",
  title: "Kourier",
  hint: "The smallest, made for Knative: enough for most clusters.",
  className: "kourier.ingress.networking.knative.dev",
  component: "net-kourier",
  assets: [{ component: "net-kourier", asset: "kourier.yaml" }],
  service,
  deployments: [controller, gateway],
  metrics: envoyMetrics,
  preflight: async () => [(await import("./left-webhook.ts")).noLeftWebhook],
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
  transform: (object, { expose, setting }) => {
    if (isThe(object, service) && expose === "nodeport") return asNodePort(object);
    if (isThe(object, controller) && !hasCertsKeys(setting)) return withoutCertsEnv(object);
    return object;
  },
  serve: (want, { setting }) => ({
    objects: [],
    fields: hasCertsKeys(setting) ? [place(want), roll(want)] : [roll(want, certsEnv(want))],
    network: want ? { "http-protocol": want.http === "redirect" ? "Redirected" : "Enabled" } : {},
  }),
};
