import {
  deployment,
  image,
  type Labels,
  labels,
  minorOf,
  object,
  ownNamespace,
  rule,
  SERVING,
  service,
} from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

const ISTIO = "istio-system";
const CONTROLLER = "net-istio-controller";
const WEBHOOK = "net-istio-webhook";

/** The controller is kept out of the mesh by a label; by an annotation before. */
const INJECT_LABEL_SINCE = 16;
/** Until then a certificate between activator and gateway was asked for here as well. */
const CERTIFICATE_UNTIL = 14;

const gateway = (name: string, number: number, own: Labels): Obj =>
  object("networking.istio.io/v1beta1 Gateway", `${SERVING}/${name}`, own, {
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    },
  });

/** A webhook is called by the API server, which is in no mesh. */
const inPlain = (app: string, own: Labels): Obj =>
  object("security.istio.io/v1beta1 PeerAuthentication", `${SERVING}/${app}`, own, {
    spec: { selector: { matchLabels: { app } }, portLevelMtls: { "8443": { mode: "PERMISSIVE" } } },
  });

const admission = (kind: "Mutating" | "Validating", name: string, own: Labels, objectSelector: object): Obj =>
  object(`admissionregistration.k8s.io/v1 ${kind}WebhookConfiguration`, name, own, {
    webhooks: [
      {
        name,
        admissionReviewVersions: ["v1", "v1beta1"],
        clientConfig: { service: { name: WEBHOOK, namespace: SERVING } },
        failurePolicy: "Fail",
        sideEffects: "None",
        objectSelector,
      },
    ],
  });

const certificate = (own: Labels): Obj => {
  const marks = {
    ...own,
    "networking.knative.dev/certificate-type": "system-internal",
    "knative.dev/install-knative-certificate": "true",
  };
  const made = object("networking.internal.knative.dev/v1alpha1 Certificate", `${ISTIO}/routing-serving-certs`, marks, {
    spec: { dnsNames: ["kn-routing"], secretName: "routing-serving-certs" },
  });
  made.metadata.annotations = {
    "networking.knative.dev/certificate.class": "cert-manager.certificate.networking.knative.dev",
  };
  return made;
};

const processes = (version: string, own: Labels): readonly Obj[] => {
  const common = labels(version, "net-istio");
  return [
    deployment({
      name: `${SERVING}/${CONTROLLER}`,
      labels: own,
      selector: `app=${CONTROLLER}`,
      account: "controller",
      container: "controller",
      image: image("net-istio/cmd/controller"),
      requests: "30m/40Mi",
      ports: "metrics:9090 profiling:8008 probes:8080",
      podLabels: {
        ...common,
        ...(minorOf(version) >= INJECT_LABEL_SINCE ? { "sidecar.istio.io/inject": "false" } : {}),
      },
      env: [ownNamespace, { name: "ENABLE_SECRET_INFORMER_FILTERING_BY_CERT_UID", value: "false" }],
    }),
    deployment({
      name: `${SERVING}/${WEBHOOK}`,
      labels: own,
      selector: `app=${WEBHOOK},role=${WEBHOOK}`,
      account: "controller",
      container: "webhook",
      image: image("net-istio/cmd/webhook"),
      requests: "20m/20Mi",
      ports: "metrics:9090 profiling:8008 https-webhook:8443",
      podLabels: common,
      env: [ownNamespace],
    }),
    service(
      `${SERVING}/${WEBHOOK}`,
      { ...own, role: WEBHOOK },
      `app=${WEBHOOK}`,
      "http-metrics:9090>metrics http-profiling:8008>profiling https-webhook:443>https-webhook",
    ),
    object("v1 Secret", `${SERVING}/${WEBHOOK}-certs`, own, {}),
  ];
};

/** net-istio.yaml */
export const netIstio = (version: string): readonly Obj[] => {
  const own = { ...labels(version, "net-istio"), "networking.knative.dev/ingress-provider": "istio" };
  const verbs = "get,list,create,update,delete,patch,watch";
  return [
    object(
      "rbac.authorization.k8s.io/v1 ClusterRole",
      "knative-serving-istio",
      { ...own, "serving.knative.dev/controller": "true" },
      { rules: [rule(["networking.istio.io"], "virtualservices,gateways,destinationrules", verbs)] },
    ),
    gateway("knative-ingress-gateway", 80, own),
    gateway("knative-local-gateway", 8081, own),
    service(
      `${ISTIO}/knative-local-gateway`,
      { ...own, "experimental.istio.io/disable-gateway-port-translation": "true" },
      "istio=ingressgateway",
      "http2:80>8081 https:443>8444",
      "ClusterIP",
    ),
    object("v1 ConfigMap", `${SERVING}/config-istio`, own, {
      data: { _example: "# Gateways of the ingress. Put a setting beside this text, as a key of data.\n" },
    }),
    inPlain("webhook", own),
    inPlain(WEBHOOK, own),
    ...processes(version, own),
    admission("Mutating", "webhook.istio.networking.internal.knative.dev", own, {
      matchExpressions: [{ key: "serving.knative.dev/configuration", operator: "Exists" }],
    }),
    admission("Validating", "config.webhook.istio.networking.internal.knative.dev", own, {
      matchLabels: { "app.kubernetes.io/name": SERVING, "app.kubernetes.io/component": "net-istio" },
    }),
    ...(minorOf(version) <= CERTIFICATE_UNTIL ? [certificate(own)] : []),
  ];
};
