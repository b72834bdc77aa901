import type { ProbeResponse } from "../../src/ports/http.ts";
import { at, type KubeObject } from "../../src/ports/object.ts";
import { make } from "../certificates/provided-pki.ts";
import { add, config, edit, type Fault, isA, SEEN, withStatus } from "./faults.ts";
import { object, type Scene } from "./scene.ts";
import type { Shape } from "./shapes.ts";

/** Whenever it is looked at, a certificate has begun and has most of its time before it. */
const DATES = { from: new Date("2020-01-01"), to: new Date("2080-01-01") };
const BALANCED: readonly Shape[] = ["ours", "quickstart", "operator", "istio", "eks", ...SEEN];
const GATEWAYS = ["kourier", "istio-ingressgateway", "envoy"];

const isGateway = (one: KubeObject): boolean =>
  one.apiVersion === "v1" && one.kind === "Service" && GATEWAYS.includes(one.metadata.name);
/** The Service that the load balancer is made for. */
const isEntrance = (one: KubeObject): boolean =>
  isGateway(one) && (one.spec as { readonly type?: string }).type === "LoadBalancer";
const annotated = (annotations: Record<string, string>) =>
  edit(isEntrance, (one) => ({
    ...one,
    metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, ...annotations } },
  }));
/** Whoever asks the gateway for a name that nobody has gets this. */
const answering =
  (answer: () => ProbeResponse) =>
  (scene: Scene): Scene => ({
    ...scene,
    probe: (request) => {
      if (request.host !== "nobody.invalid" && scene.probe) return scene.probe(request);
      return answer();
    },
  });
const closed = (): never => {
  throw new Error("socket hang up");
};
const AWS = "service.beta.kubernetes.io/aws-load-balancer-";

/** The shared Gateway of Istio with a certificate on 443. `home`: where its Secret is. */
const served =
  (hosts: readonly string[], home: string) =>
  async (scene: Scene): Promise<Scene> => {
    const { pem, key } = await make({ subject: "CN=leaf", names: ["*.apps.example.com"], ...DATES });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const data = { "tls.crt": base64(pem), "tls.key": base64(key) };
    const server = {
      hosts,
      port: { number: 443, name: "https", protocol: "HTTPS" },
      tls: { mode: "SIMPLE", credentialName: "wildcard" },
    };
    const serving = edit(isA("Gateway", "knative-ingress-gateway"), (one) => {
      const servers = at(one, "spec", "servers");
      return { ...one, spec: { ...(one.spec as object), servers: [...(servers as object[]), server] } };
    });
    return add(object("Secret", `${home}/wildcard`, { type: "kubernetes.io/tls", data }))(serving(scene));
  };

/** What goes wrong between a client and the gateway. */
export const FAULTS_PATH: Readonly<Record<string, Fault>> = {
  "a quota keeps the gateway's Service out": {
    leads: "ingress.quota",
    hides: ["ingress", "network"],
    in: ["ours"],
    break: (scene) => {
      const gone = ["net-kourier-controller", "3scale-kourier-gateway", "kourier"];
      const kept = edit(
        (one) => isEntrance(one) || (one.kind === "Deployment" && gone.includes(one.metadata.name)),
        () => undefined,
      )(scene);
      const quota = object("ResourceQuota", "kourier-system/compute", {
        spec: { hard: { "services.loadbalancers": "1" } },
        status: { used: { "services.loadbalancers": "1" } },
      });
      return add(quota)(kept);
    },
  },
  "the gateway's Service selects no pod": {
    leads: "ingress.endpoints",
    // What runs behind it is found by it, where it is no ingress of ours.
    hides: ["ingress.deployments"],
    break: (scene) => {
      const wrong = edit(isGateway, (one) => ({
        ...one,
        spec: { ...(one.spec as object), selector: { app: "wrong" } },
      }))(scene);
      return edit(
        (one) =>
          one.kind === "EndpointSlice" && GATEWAYS.includes(one.metadata.labels?.["kubernetes.io/service-name"] ?? ""),
        (one) => ({ ...one, endpoints: null }),
      )(wrong);
    },
  },
  "Contour's Envoy runs on no node": {
    leads: "ingress.deployments",
    in: ["contour"],
    break: edit(isA("DaemonSet", "envoy"), (one) => withStatus(one, { numberReady: 0 })),
  },
  "config-contour names an Envoy that is not there": {
    leads: "contour.services",
    hides: ["ingress"],
    in: ["contour"],
    break: config("config-contour", {
      visibility:
        "ExternalIP: {class: a, service: edge/envoy}\nClusterLocal: {class: b, service: contour-internal/envoy}",
    }),
  },
  "Contour may not use the certificate for all names": {
    leads: "contour.delegation",
    in: ["contour"],
    break: async (scene) => {
      const { pem, key } = await make({ subject: "CN=leaf", names: ["*.apps.example.com"], ...DATES });
      const base64 = (text: string) => Buffer.from(text).toString("base64");
      const data = { "tls.crt": base64(pem), "tls.key": base64(key) };
      const secret = object("Secret", "certs/wildcard", { type: "kubernetes.io/tls", data });
      return add(secret)(config("config-contour", { "default-tls-secret": "certs/wildcard" })(scene));
    },
  },
  "the Gateway has no room for another certificate": {
    leads: "gateway-api.gateways",
    in: ["gateway-api"],
    break: edit(isA("Gateway", "knative-gateway"), (one) => ({
      ...one,
      spec: { listeners: Array.from({ length: 64 }, (_none, index) => ({ name: `l${index}`, port: 443 })) },
    })),
  },
  "the Gateway is not taken up": {
    leads: "gateway-api.gateways",
    in: ["gateway-api"],
    break: edit(isA("Gateway", "knative-gateway"), (one) =>
      withStatus(one, { conditions: [{ type: "Accepted", status: "False", reason: "NoClass", message: "x" }] }),
    ),
  },
  "Traefik answers at the gateway's address": {
    leads: "ingress.answered",
    in: BALANCED,
    break: answering(() => ({ status: 404, headers: {}, body: "404 page not found\n" })),
  },
  "another load balancer has the gateway's address": {
    leads: "ingress.answered",
    in: BALANCED,
    break: (scene) => {
      const own = scene.objects.find(isEntrance);
      return add(object("Service", "kube-system/traefik", { spec: own?.spec, status: own?.status }))(scene);
    },
  },
  "the load balancer decrypts, and the gateway waits for TLS": {
    leads: "ingress.terminated",
    hides: ["network.redirect"],
    in: BALANCED,
    break: annotated({ [`${AWS}ssl-cert`]: "arn:aws:acm:eu-central-1:1:certificate/a", [`${AWS}ssl-ports`]: "443" }),
  },
  "the load balancer sends PROXY headers": {
    leads: "ingress.proxy-protocol",
    in: ["operator", "istio", "eks", "contour"],
    break: annotated({ [`${AWS}target-group-attributes`]: "proxy_protocol_v2.enabled=true" }),
  },
  "the gateway waits for PROXY headers": {
    leads: "ingress.proxy-protocol",
    hides: ["ingress.answered"],
    in: ["ours", "quickstart"],
    break: (scene) => answering(closed)(config("config-kourier", { "enable-proxy-protocol": "true" })(scene)),
  },
  "http is redirected, and there is no certificate": {
    leads: "network.redirect",
    in: ["quickstart"],
    break: config("config-network", { "http-protocol": "Redirected" }),
  },
  "http is redirected past the shared Gateway": {
    leads: "network.redirect",
    in: ["istio"],
    break: config("config-network", { "http-protocol": "Redirected", "external-domain-tls": undefined }),
  },
  "http is redirected, which net-gateway-api does not know": {
    leads: "network.redirect",
    in: ["gateway-api"],
    break: config("config-network", { "http-protocol": "Redirected" }),
  },
  "port 443 of the shared Gateway is for other names": {
    leads: "istio.tls-names",
    hides: ["certificate"],
    in: ["istio"],
    break: async (scene) => served(["*.other.example.com"], "istio-system")(scene),
  },
  "the gateway's certificate is in another namespace": {
    leads: "certificate.usable",
    hides: ["istio", "certificate"],
    in: ["istio"],
    break: async (scene) => served(["*"], "knative-serving")(scene),
  },
  "the gateway's pods have the labels of Helm's chart": {
    leads: "istio.gateway-pods",
    hides: ["certificate"],
    in: ["istio"],
    break: (scene) => {
      const helms = { istio: "ingress" };
      const labelled = edit(isA("Deployment", "istio-ingressgateway"), (one) => {
        const copy = structuredClone(one) as unknown as { spec: { template: { metadata: { labels: object } } } };
        copy.spec.template.metadata.labels = helms;
        return copy as unknown as KubeObject;
      });
      const chosen = edit(isEntrance, (one) => ({ ...one, spec: { ...(one.spec as object), selector: helms } }));
      return chosen(labelled(scene));
    },
  },
  "the webhook has a sidecar that asks for mutual TLS": {
    leads: "mesh.outside",
    // net-istio brings a policy that lets the API server in.
    in: ["ours", "quickstart", "operator", "openshift", "eks", ...SEEN],
    break: (scene) => {
      const strict = object("PeerAuthentication.security.istio.io/v1", "istio-system/default", {
        spec: { mtls: { mode: "STRICT" } },
      });
      const withSidecar = edit(
        (one) => one.kind === "Pod" && one.metadata.labels?.app === "webhook",
        (one) => ({ ...one, spec: { containers: [{ name: "webhook" }, { name: "istio-proxy" }] } }),
      );
      return add(strict)(withSidecar(scene));
    },
  },
  "the controller's probe gets no answer": {
    leads: "ingress.probes",
    in: ["ours", "quickstart", "operator", "openshift", "istio", "eks"],
    break: (scene) => {
      const waiting = edit(isA("Ingress"), (one) =>
        withStatus(one, { conditions: [{ type: "LoadBalancerReady", status: "Unknown" }] }),
      )(scene);
      const hosts = scene.objects.filter(isA("Ingress")).map((one) => at(one, "spec", "rules", 0, "hosts", 0));
      const error = "dial tcp 10.0.0.1:8080: connect: connection refused (depth: 1)";
      const line = `{"message":"Probing of http://${hosts[0]}:80 failed, IP: 10.0.0.1:8080, ready: false, error: ${error}"}`;
      return {
        ...waiting,
        logs: ({ pod }) => (/^net-/.test(pod) ? `${line}\n` : scene.logs?.({ namespace: "", pod, lines: 1 })),
      };
    },
  },
};
