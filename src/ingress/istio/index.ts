import { istioMetrics } from "../../metrics/gateway.ts";
import type { KubeObject } from "../../ports/object.ts";
import { asNodePort, isThe } from "../gateway-service.ts";
import type { IngressProvider } from "../provider.ts";
import { adoptedAt } from "./adopted.ts";
import { controller, gateway, ISTIO, istiod, SHARED, service, webhook } from "./names.ts";
import { products } from "./products.ts";
import { serveFrom } from "./serve.ts";
import { small } from "./small.ts";

const NET_ISTIO = { component: "net-istio", asset: "net-istio.yaml", versionAt: controller };

/** Istio's own generator writes a namespace into objects that have none. */
const withoutNamespace = (object: KubeObject): KubeObject => {
  const { namespace: _none, ...metadata } = object.metadata;
  return { ...object, metadata };
};

export const istio: IngressProvider<"istio"> = {
  id: "istio",
  title: "Istio",
  hint: "For a mesh with mutual TLS (--mesh), or where Istio is wanted anyway. It needs about 1 vCPU and 3 GB more.",
  className: "istio.ingress.networking.knative.dev",
  component: "istio",
  assets: [{ component: "istio", asset: "istio.yaml", versionAt: istiod }, NET_ISTIO],
  service,
  deployments: [controller, webhook, istiod, gateway],
  products,
  kinds: [{ apiVersion: SHARED.apiVersion, kind: SHARED.kind, namespaced: true }],
  preflight: async (intent) => (await import("./preflight/index.ts")).preflight(intent),
  transform: (object, { expose }) => {
    if (object.kind.startsWith("Cluster") && object.metadata.namespace) return withoutNamespace(object);
    return expose === "nodeport" && isThe(object, service) ? asNodePort(object) : object;
  },
  small,
  metrics: istioMetrics,
  mesh: true,
  serve: serveFrom({ namespace: ISTIO, mounted: new Map() }),
  adoption: {
    at: adoptedAt,
    find: async (cluster, named) => (await import("./adoption.ts")).findAdopted(cluster, named),
  },
};
