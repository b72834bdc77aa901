import { isThe } from "../../ingress/gateway-service.ts";
import { KNATIVE } from "../../ingress/istio/names.ts";
import { isRecord, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { step, type Transform } from "../part.ts";

export const POLICY = { apiVersion: "security.istio.io/v1beta1", kind: "PeerAuthentication" };
export const RULE = { apiVersion: "networking.istio.io/v1beta1", kind: "DestinationRule" };

/** Where metrics are scraped, by somebody who is in no mesh. */
const METRICS = 9090;
/** Of a Revision's pod besides: what the kubelet asks before it ends a container, and the metrics of requests. */
const QUEUE_PROXY = [8022, METRICS, 9091];

/** Nothing but mutual TLS gets in, except at these ports. Ports can be told for chosen pods only, so each workload has its own. */
const strict = (
  metadata: { readonly namespace: string; readonly name: string },
  matchLabels: Readonly<Record<string, string>>,
  plain: readonly number[],
): KubeObject => ({
  ...POLICY,
  metadata,
  spec: {
    selector: { matchLabels },
    mtls: { mode: "STRICT" },
    portLevelMtls: Object.fromEntries(plain.map((port) => [String(port), { mode: "PERMISSIVE" }])),
  },
});

/** For the pods of a Knative Service. */
export const strictService = ({ namespace = "", name }: ObjectRef): KubeObject =>
  strict({ namespace, name }, { "serving.knative.dev/service": name }, QUEUE_PROXY);

const LOCAL: ObjectRef = {
  apiVersion: "networking.istio.io/v1beta1",
  kind: "Gateway",
  namespace: KNATIVE,
  name: "knative-local-gateway",
};

/** The Service is where the gateway's is. Gateways send in plain text to what carries no mark of a sidecar, such as another gateway. DomainMappings go from one to the other. */
const toLocalGateway = (namespace: string): KubeObject => ({
  ...RULE,
  metadata: { namespace, name: LOCAL.name },
  spec: {
    host: `${LOCAL.name}.${namespace}.svc.cluster.local`,
    trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: "ISTIO_MUTUAL" } }] },
  },
});

const policies = ({ ingress }: Installation): readonly KubeObject[] => [
  ...["activator", "autoscaler"].map((name) => strict({ namespace: KNATIVE, name }, { app: name }, [METRICS])),
  toLocalGateway(ingress.service.namespace ?? ""),
];

const mutual = (server: unknown): unknown => {
  if (!isRecord(server) || !isRecord(server.port) || server.port.protocol !== "HTTP") return server;
  return {
    ...server,
    port: { ...server.port, name: "https", protocol: "HTTPS" },
    tls: { mode: "ISTIO_MUTUAL" },
  };
};

/** The gateway for names inside the cluster answers those who are in the mesh. */
export const mutualLocalGateway: Transform = (object) => {
  if (!isThe(object, LOCAL) || !isRecord(object.spec) || !Array.isArray(object.spec.servers)) return object;
  return { ...object, spec: { ...object.spec, servers: object.spec.servers.map(mutual) } };
};

/** Asks for mutual TLS where there are sidecars: after these have come, and taken back before they go. */
export const policy = (install: Installation) => {
  const { config } = install;
  const objects = config.mesh ? policies(install) : [];
  return step({
    id: "mesh-policy",
    title: config.mesh ? "Let nobody in without mutual TLS" : "Ask nobody for mutual TLS",
    undo: "Ask nobody for mutual TLS any more",
    needs: config.mesh ? ["mesh-sidecars"] : ["ingress"],
    before: ["proof"],
    plan: async (ctx) => [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))],
    verify: [],
  });
};
