import { describe, expect, it } from "vitest";
import { gatewayAnswers } from "../../src/checks/path/answered.ts";
import { proxyProtocolAgrees } from "../../src/checks/path/proxy-protocol.ts";
import { redirectLeads } from "../../src/checks/path/redirect.ts";
import { tlsBeforeGateway } from "../../src/checks/path/terminated.ts";
import type { ProbeResponse } from "../../src/ports/http.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, findingOf, KNATIVE, object, type Scene } from "./scene.ts";

const network = (more: Record<string, string> = {}) =>
  configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev", ...more });
const ports = [
  { name: "http2", port: 80, targetPort: 8080 },
  { name: "https", port: 443, targetPort: 8443 },
];
const kourier = (annotations: Record<string, string> = {}, ip = "198.51.100.7", spec: object = {}): KubeObject =>
  object(
    "Service",
    "kourier-system/kourier",
    { spec: { type: "LoadBalancer", ports, ...spec }, status: { loadBalancer: { ingress: [{ ip }] } } },
    { annotations },
  );
const scene = (objects: readonly KubeObject[], answer: () => ProbeResponse): Scene => ({
  objects: [...KNATIVE, ...objects],
  probe: answer,
});
const answering = (more: Partial<ProbeResponse>) => (): ProbeResponse => ({
  status: 404,
  headers: {},
  body: "",
  ...more,
});
const failing = (message: string) => (): never => {
  throw new Error(message);
};

describe("who answers at the gateway's address", () => {
  const look = (answer: () => ProbeResponse, ...objects: readonly KubeObject[]) =>
    findingOf(scene([network(), ...(objects.length > 0 ? objects : [kourier()])], answer), gatewayAnswers);

  it("is the gateway, where an Envoy answers, or somebody who does not say who", async () => {
    const own = [{ server: "envoy" }, { server: "istio-envoy" }, {}, { server: "custom" }];
    for (const headers of own)
      expect(await look(answering({ headers: headers as Record<string, string> }))).toMatchObject({ status: "ok" });
    // A Service of Knative may answer with Go's words, through the gateway.
    const words = answering({ headers: { server: "envoy" }, body: "404 page not found\n" });
    expect(await look(words)).toMatchObject({ status: "ok" });
  });

  it.each([
    ["Traefik", answering({ body: "404 page not found\n" })],
    ["nginx", answering({ headers: { server: "nginx/1.27" } })],
    ["HAProxy", answering({ status: 503, body: "<html><body><h1>503 Service Unavailable</h1>" })],
    ["Caddy", answering({ headers: { server: "Caddy" } })],
  ])("is somebody else: %s", async (name, answer) => {
    expect((await look(answer)).summary).toBe(`${name} answers at 198.51.100.7, where the gateway should`);
  });

  it("is told with the Service, or the pod, of whoever that is", async () => {
    const traefik = object("Service", "kube-system/traefik", {
      spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
      status: { loadBalancer: { ingress: [{ ip: "198.51.100.9" }] } },
    });
    const words = answering({ body: "404 page not found\n" });
    expect(await look(words, kourier(), traefik)).toMatchObject({
      remedy: {
        command: `kubectl patch service traefik -n kube-system --type merge -p '{"spec":{"type":"ClusterIP"}}'`,
      },
    });
    const pod = object("Pod", "edge/nginx-1", { spec: { containers: [{ ports: [{ hostPort: 80 }] }] } });
    expect(await look(answering({ headers: { server: "nginx" } }), kourier(), pod)).toMatchObject({
      remedy: { text: expect.stringMatching(/^Pod edge\/nginx-1 has port 80 of its node/) },
    });
  });

  it("cannot be told from outside of a private network, and is a warning where anybody should be answered", async () => {
    const refused = failing("connect ECONNREFUSED");
    for (const ip of ["10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"])
      expect(await look(refused, kourier({}, ip))).toMatchObject({ status: "skipped" });
    expect(await look(refused)).toMatchObject({ status: "warn", remedy: { command: "curl -v http://198.51.100.7/" } });
    expect(await look(refused, kourier({}, "172.32.0.1"))).toMatchObject({ status: "warn" });
  });
});

describe("TLS before the gateway", () => {
  const AWS = "service.beta.kubernetes.io/aws-load-balancer-";
  const cert = { [`${AWS}ssl-cert`]: "arn:a" };
  const look = (service: KubeObject, settings: Record<string, string> = {}) =>
    findingOf({ objects: [...KNATIVE, network(settings), service] }, tlsBeforeGateway);
  const toPlain = { ports: [ports[0], { ...ports[1], targetPort: 8080 }] };

  it("has to come to a port that takes plain text, unless it is encrypted again", async () => {
    expect(await look(kourier())).toMatchObject({ status: "skipped" });
    expect(await look(kourier(cert))).toMatchObject({
      status: "fail",
      remedy: {
        command: `kubectl patch service kourier -n kourier-system --type json -p '[{"op":"replace","path":"/spec/ports/1/targetPort","value":8080}]'`,
      },
    });
    expect(await look(kourier({ ...cert, [`${AWS}ssl-ports`]: "https" }))).toMatchObject({ status: "fail" });
    expect(await look(kourier({ ...cert, [`${AWS}ssl-ports`]: "8443" }))).toMatchObject({ status: "skipped" });
    const again = { ...cert, [`${AWS}backend-protocol`]: "ssl" };
    expect(await look(kourier(again), { "default-external-scheme": "https" })).toMatchObject({ status: "ok" });
  });

  it("is said in the URLs", async () => {
    const service = kourier(cert, undefined, toPlain);
    expect(await look(service)).toMatchObject({ status: "warn", summary: expect.stringMatching(/printed with http$/) });
    expect(await look(service, { "default-external-scheme": "https" })).toMatchObject({ status: "ok" });
  });

  it("ends in circles where http is redirected behind it", async () => {
    const objects = [...KNATIVE, network({ "http-protocol": "Redirected" }), kourier(cert, undefined, toPlain)];
    expect((await findingOf({ objects }, redirectLeads)).summary).toMatch(/redirected in circles/);
  });
});

describe("http that is redirected", () => {
  const redirected = { "http-protocol": "Redirected" };
  const look = (objects: readonly KubeObject[]) => findingOf({ objects: [...KNATIVE, ...objects] }, redirectLeads);

  it("leads to nothing where the gateway has no certificate", async () => {
    expect(await look([network(), kourier()])).toMatchObject({ status: "skipped" });
    expect(await look([network(redirected), kourier()])).toMatchObject({
      status: "fail",
      remedy: {
        command: `kubectl patch configmap config-network -n knative-serving --type merge -p '{"data":{"http-protocol":"Enabled","httpProtocol":null}}'`,
      },
    });
    const certs = configMap("config-kourier", { "certs-secret-namespace": "certs", "certs-secret-name": "wildcard" });
    expect(await look([network(redirected), kourier(), certs])).toMatchObject({ status: "ok" });
    expect(await look([network({ ...redirected, "external-domain-tls": "Enabled" }), kourier()])).toMatchObject({
      status: "ok",
    });
  });

  it("is left to what stands before the gateway, as OpenShift Serverless has it", async () => {
    const objects = KNATIVE.map((one) =>
      one.metadata.name === "net-kourier-controller"
        ? {
            ...one,
            spec: {
              template: { spec: { containers: [{ env: [{ name: "KOURIER_HTTPOPTION_DISABLED", value: "true" }] }] } },
            },
          }
        : one,
    );
    const finding = await findingOf({ objects: [...objects, network(redirected), kourier()] }, redirectLeads);
    expect(finding).toMatchObject({ status: "ok" });
  });
});

describe("the PROXY protocol", () => {
  const on = configMap("config-kourier", { "enable-proxy-protocol": "true" });
  const sending = { "load-balancer.hetzner.cloud/uses-proxyprotocol": "true" };
  const look = (answer: () => ProbeResponse, ...objects: readonly KubeObject[]) =>
    findingOf(scene([network(), ...objects], answer), proxyProtocolAgrees);
  const envoy = answering({ headers: { server: "envoy" } });

  it("is spoken by both or by neither", async () => {
    expect(await look(envoy, kourier())).toMatchObject({ status: "ok", summary: "neither speaks it" });
    expect(await look(envoy, kourier(sending), on)).toMatchObject({ status: "ok", summary: "both speak it" });
    const off = kourier({ "load-balancer.hetzner.cloud/uses-proxyprotocol": "false" });
    expect(await look(envoy, off)).toMatchObject({ status: "ok", summary: "neither speaks it" });
  });

  it("spoken by the load balancer alone is taught to the gateway", async () => {
    expect(await look(envoy, kourier(sending))).toMatchObject({
      status: "fail",
      remedy: {
        command: `kubectl patch configmap config-kourier -n knative-serving --type merge -p '{"data":{"enable-proxy-protocol":"true"}}'`,
      },
    });
  });

  it("that the gateway waits for is asked about at its address: something else may send it", async () => {
    expect(await look(envoy, kourier(), on)).toMatchObject({ status: "ok" });
    expect(await look(failing("read ECONNRESET"), kourier(), on)).toMatchObject({ status: "fail" });
    expect(await look(failing("no answer within 3000 ms"), kourier(), on)).toMatchObject({ status: "warn" });
  });

  it("is told to Istio by an EnvoyFilter, an annotation of its gateway or the mesh's configuration", async () => {
    const istio = network({ "ingress-class": "istio.ingress.networking.knative.dev" });
    const balancer = object(
      "Service",
      "istio-system/istio-ingressgateway",
      { spec: { type: "LoadBalancer", ports }, status: { loadBalancer: { ingress: [{ ip: "198.51.100.7" }] } } },
      { annotations: sending },
    );
    const filter = object("EnvoyFilter.networking.istio.io/v1alpha3", "istio-system/proxy-protocol", {
      spec: { configPatches: [{ patch: { value: { name: "envoy.filters.listener.proxy_protocol" } } }] },
    });
    const gateway = object("Deployment.apps/v1", "istio-system/istio-ingressgateway", {
      spec: {
        template: {
          metadata: { annotations: { "proxy.istio.io/config": '{"gatewayTopology":{"proxyProtocol":{}}}' } },
        },
      },
    });
    const mesh = object("ConfigMap", "istio-system/istio", { data: { mesh: "gatewayTopology: {proxyProtocol: {}}" } });
    expect(await look(envoy, istio, balancer)).toMatchObject({
      status: "fail",
      remedy: {
        command:
          "kubectl annotate service istio-ingressgateway -n istio-system load-balancer.hetzner.cloud/uses-proxyprotocol-",
      },
    });
    for (const asking of [filter, gateway, mesh])
      expect(await look(envoy, istio, balancer, asking)).toMatchObject({ status: "ok", summary: "both speak it" });
  });
});
