import { at, dataOf, type KubeObject, type ObjectRef, textAt } from "../../ports/object.ts";
import { behind } from "./behind.ts";
import { listIn, placeOf, serviceAt, settingIn } from "./places.ts";
import type { SeenGateway, SeenIngress } from "./seen.ts";

/** As net-gateway-api reads it (pkg/reconciler/ingress/config/gateway.go). */
export const GATEWAY_CONFIG: ObjectRef = {
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: "knative-serving",
  name: "config-gateway",
};

const KEYS = ["external-gateways", "local-gateways"] as const;
type Key = (typeof KEYS)[number];

/** Where nothing is set. */
const USUAL: Readonly<Record<Key, { readonly gateway: string; readonly service: string }>> = {
  "external-gateways": { gateway: "istio-system/knative-gateway", service: "istio-system/istio-ingressgateway" },
  "local-gateways": { gateway: "istio-system/knative-local-gateway", service: "istio-system/knative-local-gateway" },
};

/** A Gateway that Routes are attached to. */
export interface NamedGateway {
  readonly key: Key;
  readonly gateway: ObjectRef;
  /** Absent: the Gateway's own status has the address. */
  readonly service?: ObjectRef;
}

/** What config-gateway names, and the keys that cannot be used. */
export const gatewaysNamed = (
  config: KubeObject | undefined,
): { readonly gateways: readonly NamedGateway[]; readonly unusable: readonly Key[] } => {
  const read = KEYS.map((key) => {
    const set = settingIn(dataOf(config)[key]);
    const entries = set === undefined ? [USUAL[key]] : listIn(set);
    const gateways = entries.flatMap((entry): readonly NamedGateway[] => {
      const place = placeOf(at(entry, "gateway"));
      const service = placeOf(at(entry, "service"));
      const gateway = place && { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", ...place };
      return gateway ? [{ key, gateway, ...(service ? { service: serviceAt(service) } : {}) }] : [];
    });
    return { key, gateways };
  });
  return {
    gateways: read.flatMap(({ gateways }) => gateways),
    unusable: read.flatMap(({ key, gateways }) => (gateways.length === 0 ? [key] : [])),
  };
};

const deployment = (name: string): ObjectRef => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "knative-serving",
  name,
});

/** Since 1.19. */
const WEBHOOK = deployment("net-gateway-api-webhook");

/** The first certificate that a listener for every name has. */
const secretOf = (gateway: KubeObject | undefined): ObjectRef | undefined => {
  const forAll = listIn(at(gateway, "spec", "listeners")).filter(({ hostname }) => !hostname);
  const [named] = forAll.flatMap((listener) => listIn(at(listener, "tls", "certificateRefs")));
  const name = textAt(named, "name");
  const namespace = textAt(named, "namespace") || (gateway?.metadata.namespace ?? "");
  return name ? { apiVersion: "v1", kind: "Secret", namespace, name } : undefined;
};

export const gatewayApi: SeenIngress = {
  id: "gateway-api",
  title: "Gateway API",
  className: "gateway-api.ingress.networking.knative.dev",
  controller: deployment("net-gateway-api-controller"),
  look: async (cluster): Promise<SeenGateway> => {
    const config = await cluster.get(GATEWAY_CONFIG);
    const outside = gatewaysNamed(config).gateways.find(({ key }) => key === "external-gateways");
    const [gateway, webhook, pods] = await Promise.all([
      outside && cluster.get(outside.gateway),
      cluster.get(WEBHOOK),
      outside?.service ? behind(cluster, outside.service) : { deployments: [], daemonSets: [] },
    ]);
    return {
      deployments: [gatewayApi.controller, ...(webhook ? [WEBHOOK] : []), ...pods.deployments],
      daemonSets: pods.daemonSets,
      service: outside?.service ?? outside?.gateway,
      secret: secretOf(gateway),
    };
  },
};
