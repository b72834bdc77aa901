import type { ObjectRef } from "../../ports/object.ts";

export const KNATIVE = "knative-serving";
/** Where Istio and its gateway are when they come from the release. */
export const ISTIO = "istio-system";

const deployment = (namespace: string, name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace,
  name,
});

export const istiod = deployment(ISTIO, "istiod");
export const gateway = deployment(ISTIO, "istio-ingressgateway");
export const controller = deployment(KNATIVE, "net-istio-controller");
export const webhook = deployment(KNATIVE, "net-istio-webhook");

export const service: ObjectRef = {
  apiVersion: "v1",
  kind: "Service",
  namespace: ISTIO,
  name: "istio-ingressgateway",
};

/** The one for names outside the cluster, which all Routes share. */
export const SHARED: ObjectRef = {
  apiVersion: "networking.istio.io/v1beta1",
  kind: "Gateway",
  namespace: KNATIVE,
  name: "knative-ingress-gateway",
};

/** Of the certificate, where the gateway's pods are. */
export const COPY = { apiVersion: "v1", kind: "Secret", name: "kn-bootstrap-tls" } as const;

/** Before the same pods, for names inside the cluster; of the release. */
export const LOCAL: ObjectRef = { apiVersion: "v1", kind: "Service", namespace: ISTIO, name: "knative-local-gateway" };

export const CONFIG: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: KNATIVE, name: "config-istio" };
