import type { KubeObject } from "../../ports/object.ts";
import { asNodePort, isThe } from "../gateway-service.ts";
import type { IngressProvider } from "../provider.ts";
import { controller, gateway, istiod, service, webhook } from "./names.ts";
import { products } from "./products.ts";
import { serve } from "./serve.ts";
import { small } from "./small.ts";

/** Istio's own generator writes a namespace into objects that have none. */
const withoutNamespace = (object: KubeObject): KubeObject => {
  const { namespace: _none, ...metadata } = object.metadata;
  return { ...object, metadata };
};

export const istio: IngressProvider<"istio"> = {
  id: "istio",
  title: "Istio",
  className: "istio.ingress.networking.knative.dev",
  component: "istio",
  assets: [
    { component: "istio", asset: "istio.yaml", versionAt: istiod },
    { component: "net-istio", asset: "net-istio.yaml", versionAt: controller },
  ],
  service,
  deployments: [controller, webhook, istiod, gateway],
  products,
  preflight: async (intent) => (await import("./preflight/index.ts")).preflight(intent),
  transform: (object, { expose }) => {
    if (object.kind.startsWith("Cluster") && object.metadata.namespace) return withoutNamespace(object);
    return expose === "nodeport" && isThe(object, service) ? asNodePort(object) : object;
  },
  small,
  mesh: true,
  serve,
};
