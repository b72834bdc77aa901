import { describe, expect, it } from "vitest";
import { tlsForEveryName } from "../../src/checks/path/istio-names.ts";
import { failedProbes, meaningOf } from "../../src/checks/path/probe-log.ts";
import { probesArrive } from "../../src/checks/path/probes.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const CLASS = { "ingress-class": "istio.ingress.networking.knative.dev" };
const line = (error: string, url = "http://a.demo.apps.example.com:80", depth = " (depth: 0)") =>
  JSON.stringify({
    severity: "ERROR",
    message: `Probing of ${url} failed, IP: 10.88.250.1:8080, ready: false, error: ${error}${depth}`,
  });

describe("what a controller says of its probes", () => {
  it("is read line by line, whatever stands between", () => {
    const hash = 'unexpected hash: want "96f6e0", got "0000"';
    const log = ["{}", line("unexpected status code: want 200, got 404"), "no JSON", line(hash), ""].join("\n");
    expect(failedProbes(log)).toEqual([
      {
        url: "http://a.demo.apps.example.com:80",
        host: "a.demo.apps.example.com",
        at: "10.88.250.1:8080",
        error: "unexpected status code: want 200, got 404",
      },
      expect.objectContaining({ error: "unexpected hash: want '96f6e0', got '0000'" }),
    ]);
    // Kourier's has a path, and of older releases the depth is left out.
    const older = line("EOF", "https://a.demo.apps.example.com/healthz", "");
    expect(failedProbes(older)).toMatchObject([{ host: "a.demo.apps.example.com", error: "EOF" }]);
  });

  it.each([
    ["unexpected status code: want 200, got 404", /does not know the host/],
    ["unexpected status code: want 200, got 503", /finds nobody behind it/],
    ["unexpected hash: want 'a', got 'b'", /earlier configuration/],
    ["error roundtripping http://a:80/healthz: dial tcp 10.0.0.1:8080: connect: connection refused", /nothing listens/],
    ["error roundtripping https://a:443/healthz: EOF", /closes the connection/],
    ["error roundtripping http://a:80/healthz: context deadline exceeded", /does not answer within a second/],
    ["something new", /the probe fails/],
  ])("has a meaning: %s", (error, means) => {
    expect(meaningOf(error).means).toMatch(means);
  });

  const ingress = (name: string, status: string) =>
    object("Ingress.networking.internal.knative.dev/v1alpha1", `demo/${name}`, {
      spec: { rules: [{ hosts: [`${name}.demo.apps.example.com`] }] },
      status: { conditions: [{ type: "LoadBalancerReady", status }] },
    });
  const controller = object(
    "Pod",
    "knative-serving/net-istio-controller-1",
    {},
    { labels: { app: "net-istio-controller" } },
  );
  const look = (log: string, ...more: readonly KubeObject[]) =>
    findingOf(
      { objects: [...KNATIVE, configMap("config-network", CLASS), controller, ...more], logs: () => log },
      probesArrive,
    );

  it("counts while a Route waits for it, and for that Route alone", async () => {
    const refused = line("dial tcp 10.88.250.1:8080: connect: connection refused");
    expect(await look(refused, ingress("a", "True"))).toMatchObject({ status: "ok" });
    expect(await look(refused, ingress("b", "Unknown"))).toMatchObject({ status: "ok" });
    expect(await look(refused, ingress("a", "Unknown"), ingress("b", "Unknown"))).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/^Ingress demo\/a: nothing listens at that port of the pod: http:\/\/a\.demo/),
      remedy: { command: "kubectl logs deployment/net-istio-controller -n knative-serving --tail=50" },
    });
  });
});

describe("port 443 of Istio's shared Gateway", () => {
  const server = (hosts: readonly string[], tls: object = { mode: "SIMPLE", credentialName: "a" }) => ({
    hosts,
    port: { number: 443, name: "https", protocol: "HTTPS" },
    tls,
  });
  const gateway = (name: string, servers: readonly object[], labels: object = { istio: "ingressgateway" }) =>
    object("Gateway.networking.istio.io/v1", name, { spec: { selector: labels, servers } });
  const look = (...more: readonly KubeObject[]) =>
    findingOf(
      {
        objects: [
          ...KNATIVE,
          configMap("config-network", CLASS),
          configMap("config-domain", { "apps.example.com": "" }),
          object("Service.serving.knative.dev/v1", "demo/a", { status: { url: "http://a.demo.apps.example.com" } }),
          ...more,
        ],
      },
      tlsForEveryName,
    );
  const SHARED = "knative-serving/knative-ingress-gateway";

  it("is for every host that is asked there, by whatever Gateway of the same pods", async () => {
    expect(await look(gateway(SHARED, []))).toMatchObject({ status: "skipped" });
    expect(await look(gateway(SHARED, [server(["*"])]))).toMatchObject({ status: "ok" });
    expect(await look(gateway(SHARED, [server(["*.apps.example.com"])]))).toMatchObject({ status: "ok" });
    const own = [gateway(SHARED, [server(["www.example.org"])]), gateway("demo/mine", [server(["*"])])];
    expect(await look(...own)).toMatchObject({ status: "ok" });
    const apart = [own[0], gateway("demo/mine", [server(["*"])], { istio: "other" })] as const;
    expect(await look(...(apart as unknown as readonly KubeObject[]))).toMatchObject({ status: "fail" });
    // What asks for a client's certificate is not probed.
    expect(await look(gateway(SHARED, [server(["*.b.example.com"], { mode: "MUTUAL" })]))).toMatchObject({
      status: "skipped",
    });
  });

  it("is told of before it strikes", async () => {
    expect(await look(gateway(SHARED, [server(["*.demo.apps.example.com"])]))).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/a Service in another namespace below apps\.example\.com would wait/),
    });
    expect(await look(gateway(SHARED, [server(["*.other.example.com"])]))).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/and not for a\.demo\.apps\.example\.com/),
    });
  });
});
