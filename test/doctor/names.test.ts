import { describe, expect, it } from "vitest";
import type { HealthCheck } from "../../src/checks/health-check.ts";
import { hostsFit } from "../../src/checks/hosts/fit.ts";
import { metricsAsked } from "../../src/checks/metrics/asked.ts";
import { metricsSent } from "../../src/checks/metrics/sent.ts";
import { tracesAsked } from "../../src/checks/metrics/traces.ts";
import { domainMappingsClaimed, servicesPublic } from "../../src/checks/names.ts";
import { requestLogWritten } from "../../src/checks/observability.ts";
import { configMap, findingOf, object } from "./scene.ts";

const READY = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } };
const service = (url: string, labels: Record<string, string> = {}) =>
  object("Service.serving.knative.dev/v1", "default/hello", { status: { url } }, { labels });

describe("names of Services", () => {
  it("services.hosts: a label has at most 63 letters", async () => {
    const fine = `https://${"a".repeat(63)}.apps.example.com`;
    expect(await findingOf({ objects: [service(fine)] }, hostsFit)).toMatchObject({ status: "ok" });
    const long = await findingOf({ objects: [service(`https://${"a".repeat(64)}.apps.example.com`)] }, hostsFit);
    expect(long.summary).toMatch(/Service default\/hello is longer than the DNS allows/);
  });

  it("services.hosts: a tag, a DomainMapping, and what Knative has refused count, too", async () => {
    const label = "a".repeat(64);
    const tagged = object("Service.serving.knative.dev/v1", "default/hello", {
      status: { url: "https://hello.x.org", traffic: [{ tag: "blue", url: `https://${label}.x.org` }] },
    });
    const mapping = object("DomainMapping.serving.knative.dev/v1beta1", `web/${label}.example.com`);
    const message = `domain name error: invalid domain name "${label}.x.org": url: Invalid value: must be no more than 63 characters`;
    const refused = object("Service.serving.knative.dev/v1", "default/refused", {
      status: { conditions: [{ type: "RoutesReady", status: "False", message }] },
    });
    for (const [one, words] of [
      [tagged, "tag blue of Service default/hello"],
      [mapping, `DomainMapping web/${label}.example.com`],
      [refused, "Service default/refused"],
    ] as const)
      expect(await findingOf({ objects: [one] }, hostsFit)).toMatchObject({
        status: "fail",
        summary: `the host of ${words} is longer than the DNS allows`,
      });
  });

  it("domain.public: warns of a Service that only the cluster reaches, unless that is meant", async () => {
    const inside = "http://hello.default.svc.cluster.local";
    expect(await findingOf({ objects: [service(inside)] }, servicesPublic)).toMatchObject({ status: "warn" });
    const meant = service(inside, { "networking.knative.dev/visibility": "cluster-local" });
    expect(await findingOf({ objects: [meant] }, servicesPublic)).toMatchObject({ status: "ok" });
    const older = service("http://hello.default.example.com");
    expect(await findingOf({ objects: [older] }, servicesPublic)).toMatchObject({ status: "warn" });
    const own = configMap("config-domain", { "example.com": "" });
    expect(await findingOf({ objects: [older, own] }, servicesPublic)).toMatchObject({ status: "ok" });
    expect(await findingOf({ objects: [service("https://hello.apps.example.com")] }, servicesPublic)).toMatchObject({
      status: "ok",
    });
  });

  it("domain-mappings.claimed: names who has the domain, or makes the claim", async () => {
    const mapping = (status: string) =>
      object("DomainMapping.serving.knative.dev/v1beta1", "web/www.example.com", {
        status: { conditions: [{ type: "DomainClaimed", status, message: "no claim" }] },
      });
    const claim = object("ClusterDomainClaim.networking.internal.knative.dev/v1alpha1", "www.example.com", {
      spec: { namespace: "other" },
    });
    expect(await findingOf({ objects: [] }, domainMappingsClaimed)).toMatchObject({ status: "skipped" });
    expect(await findingOf({ objects: [mapping("True")] }, domainMappingsClaimed)).toMatchObject({ status: "ok" });
    const open = await findingOf({ objects: [mapping("False")] }, domainMappingsClaimed);
    expect(open).toMatchObject({
      status: "fail",
      remedy: { command: expect.stringMatching(/"spec":\{"namespace":"web"\}.* \| kubectl create -f -$/) },
    });
    expect((await findingOf({ objects: [mapping("False"), claim] }, domainMappingsClaimed)).summary).toMatch(
      /namespace other has it/,
    );
  });
});

describe("observability", () => {
  const knative = (version: string) =>
    object("Namespace", "knative-serving", {}, { labels: { "app.kubernetes.io/version": version } });
  const find = (check: HealthCheck, version: string, data: Record<string, string>) =>
    findingOf({ objects: [knative(version), configMap("config-observability", data)] }, check);

  it("metrics: the older keys are no longer read since 1.19", async () => {
    const older = { "metrics.backend-destination": "prometheus" };
    expect(await find(metricsAsked, "1.18.2", older)).toMatchObject({ status: "ok", summary: "prometheus" });
    expect(await find(metricsAsked, "1.18.2", { "metrics-protocol": "prometheus" })).toMatchObject({ status: "warn" });
    expect(await find(metricsAsked, "1.19.0", {})).toMatchObject({ status: "ok" });
    expect(await find(metricsAsked, "1.23.0", { ...older, "metrics-protocol": "prometheus" })).toMatchObject({
      status: "ok",
    });
    expect(await find(metricsAsked, "1.23.0", older)).toMatchObject({ status: "warn" });
  });

  it("metrics: a monitor that is left from before 1.19 looks for what is no longer shown", async () => {
    const monitor = object("ServiceMonitor.monitoring.coreos.com/v1", "knative-serving/controller");
    const findOff = (version: string, data: Record<string, string> = {}) =>
      findingOf({ objects: [knative(version), monitor, configMap("config-observability", data)] }, metricsAsked);
    expect(await findOff("1.18.2")).toMatchObject({ status: "ok" });
    expect(await findOff("1.23.0", { "metrics-protocol": "prometheus" })).toMatchObject({ status: "ok" });
    expect(await findOff("1.23.0")).toMatchObject({
      status: "warn",
      summary: expect.stringContaining("ServiceMonitor knative-serving/controller looks for them"),
      remedy: { command: expect.stringContaining("metrics-protocol") },
    });
  });

  it("metrics: what cannot be sent is said by the logs alone", async () => {
    const pod = object("Pod", "knative-serving/activator-1", READY, { labels: { app: "activator" } });
    const data = { "metrics-protocol": "http/protobuf", "metrics-endpoint": "http://c.o:4318/v1/metrics" };
    const sent = (log: string) =>
      findingOf(
        {
          objects: [knative("1.23.0"), pod, configMap("config-observability", data)],
          now: "2026-11-30T12:02:00Z",
          logs: () => `{"severity":"INFO"}\n${log}\n`,
        },
        metricsSent,
      );
    const line = (time: string) => `2026/11/30 ${time} failed to upload metrics: dial tcp: lookup c.o: no such host`;
    expect(await find(metricsSent, "1.23.0", {})).toMatchObject({ status: "skipped" });
    expect(await sent("")).toMatchObject({ status: "ok" });
    expect(await sent(line("11:50:00"))).toMatchObject({ status: "ok" });
    expect(await sent(line("12:01:30"))).toMatchObject({
      status: "warn",
      summary: "the activator could not send what it measures: dial tcp: lookup c.o: no such host",
    });
  });

  it("metrics: what was chosen stands there, under the keys of the release", async () => {
    const chosen = (metrics: string, more: Record<string, string> = {}) =>
      object("ConfigMap", "kn-bootstrap/state", { data: { choices: JSON.stringify({ metrics, ...more }) } });
    const findChosen = (state: ReturnType<typeof chosen>, data: Record<string, string>) =>
      findingOf({ objects: [knative("1.23.0"), state, configMap("config-observability", data)] }, metricsAsked);
    const on = { "metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus" };
    expect(await findChosen(chosen("prometheus"), on)).toMatchObject({ status: "ok", summary: "prometheus" });
    expect(await findChosen(chosen("prometheus"), { "metrics-protocol": "prometheus" })).toMatchObject({
      status: "warn",
      summary: "--metrics prometheus was chosen, but request-metrics-protocol is not there",
    });
    const endpoint = { "metrics-endpoint": "http://collector:4317" };
    expect(await findChosen(chosen("otlp", endpoint), on)).toMatchObject({ status: "warn" });
    expect(await findChosen(chosen("none"), on)).toMatchObject({ status: "ok" });
  });

  it("traces: config-tracing is no longer read since 1.19, and gRPC has a port of its own", async () => {
    const zipkin = configMap("config-tracing", { backend: "zipkin" });
    const traces = (version: string, data: Record<string, string>) =>
      findingOf({ objects: [knative(version), zipkin, configMap("config-observability", data)] }, tracesAsked);
    const to = (endpoint: string) => ({ "tracing-protocol": "grpc", "tracing-endpoint": endpoint });
    expect(await traces("1.18.2", {})).toMatchObject({ status: "ok", summary: "zipkin" });
    expect(await traces("1.23.0", {})).toMatchObject({
      status: "warn",
      summary: expect.stringContaining("zipkin, is no longer read"),
    });
    expect(await traces("1.23.0", to("http://c:4318/v1/traces"))).toMatchObject({ status: "warn" });
    expect(await traces("1.23.0", to("http://c:4317"))).toMatchObject({ status: "ok", summary: "grpc" });
  });

  it("request log: a template may be left out, not empty, and names the trace from 1.21 on", async () => {
    const on = { "logging.enable-request-log": "true" };
    const template = (text: string) => ({ ...on, "logging.request-log-template": text });
    expect(await find(requestLogWritten, "1.23.0", {})).toMatchObject({ status: "skipped" });
    expect(await find(requestLogWritten, "1.23.0", on)).toMatchObject({ status: "ok" });
    expect(await find(requestLogWritten, "1.21.0", template("{{.TraceID}}"))).toMatchObject({ status: "ok" });
    expect(await find(requestLogWritten, "1.20.3", template("{{.TraceID}}"))).toMatchObject({ status: "fail" });
    expect(await find(requestLogWritten, "1.23.0", template(""))).toMatchObject({ status: "fail" });
  });
});
