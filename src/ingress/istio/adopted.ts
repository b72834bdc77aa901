import { istioMetrics } from "../../metrics/gateway.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { isThe } from "../gateway-service.ts";
import type { IngressProvider } from "../provider.ts";
import type { FoundGateway } from "./found.ts";
import { settingsFor } from "./leading.ts";
import { mountedBy } from "./mounted.ts";
import { CONFIG, controller, LOCAL, SHARED, webhook } from "./names.ts";
import { products } from "./products.ts";
import { serveFrom } from "./serve.ts";

/** Somebody else's Istio: Knative's own objects lead to its gateway, and nothing of it is written. */

const splitId = (id: string): readonly [namespace: string, name: string] => {
  const at = id.indexOf("/");
  return [id.slice(0, at), id.slice(at + 1)];
};

/** Known by the Service of its gateway alone. */
export const adoptedAt = (gateway: string): IngressProvider<"istio"> => {
  const [namespace, name] = splitId(gateway);
  return {
    id: "istio",
    title: "Istio",
    className: "istio.ingress.networking.knative.dev",
    component: "net-istio",
    assets: [{ component: "net-istio", asset: "net-istio.yaml", versionAt: controller }],
    service: { apiVersion: "v1", kind: "Service", namespace, name },
    deployments: [controller, webhook],
    products,
    gateway,
    metrics: istioMetrics,
    mesh: true,
    transform: (object) => object,
    serve: serveFrom({ namespace, mounted: new Map() }),
  };
};

/** What is in the cluster of what Knative needs beside the gateway. */
export interface Around {
  /** A Service for names inside the cluster that somebody else has put before the gateway. */
  readonly local: KubeObject | undefined;
  /** What config-istio says; empty where there is none. */
  readonly settings: Readonly<Record<string, string>>;
}

const LOCAL_GATEWAY: ObjectRef = { ...SHARED, name: "knative-local-gateway" };

/** The gateway as it was found. */
export const adopted = (gateway: FoundGateway, { local, settings }: Around): IngressProvider<"istio"> => {
  const base = adoptedAt(gateway.id);
  const { namespace, selector } = gateway;
  const choosing = (object: KubeObject): KubeObject => ({ ...object, spec: { ...(object.spec as object), selector } });
  return {
    ...base,
    preflight: async (intent) => (await import("./preflight/adopted.ts")).adoptedPreflight(gateway, intent),
    isThere: (object) => local !== undefined && isThe(object, LOCAL),
    transform: (object) => {
      if (isThe(object, SHARED) || isThe(object, LOCAL_GATEWAY)) return choosing(object);
      if (isThe(object, LOCAL)) return { ...choosing(object), metadata: { ...object.metadata, namespace } };
      if (!isThe(object, CONFIG)) return object;
      const data = { ...(object.data as object | undefined), ...settingsFor(gateway, settings) };
      return { ...object, data };
    },
    serve: serveFrom({ namespace, mounted: mountedBy(gateway.workload) }),
  };
};
