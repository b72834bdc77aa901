import { describe, expect, it } from "vitest";
import { metricsEndpoint } from "../../src/config/syntax.ts";
import { askedOf, deafKeys, type MetricsChoice, settingsFor } from "../../src/metrics/settings.ts";
import { configRefusal } from "../../src/sandbox/knative/config-validation.ts";

const otlp = (endpoint: string): MetricsChoice => ({ metrics: "otlp", metricsEndpoint: endpoint });
const HTTP = otlp("http://collector.observability:4318/v1/metrics");
const GRPC = otlp("http://collector.observability:4317");
const PROMETHEUS: MetricsChoice = { metrics: "prometheus" };
const NONE: MetricsChoice = { metrics: "none" };

/** Keys under `_example` of config/core/configmaps/observability.yaml, by release. */
const READ: Readonly<Record<string, RegExp>> = {
  "1.14.2": /^metrics\.(request-metrics-)?backend-destination$/,
  "1.18.2": /^metrics\.(request-metrics-)?backend-destination$/,
  "1.19.0": /^(request-)?metrics-(protocol|endpoint|export-interval)$/,
  "1.19.9": /^(request-)?metrics-(protocol|endpoint|export-interval)$/,
  "1.23.0": /^(request-)?metrics-(protocol|endpoint|export-interval)$/,
};

describe("config-observability", () => {
  it.each(Object.entries(READ))("gets keys that %s knows, with values that its webhook takes", (version, read) => {
    const choices = version < "1.19" ? [NONE, PROMETHEUS] : [NONE, PROMETHEUS, HTTP, GRPC];
    for (const choice of choices) {
      const data = settingsFor(choice, version);
      expect(Object.keys(data).filter((key) => !read.test(key))).toEqual([]);
      expect(deafKeys(data, version)).toEqual([]);
      const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config-observability" }, data };
      expect(configRefusal(map, Number(version.split(".")[1]))).toBeUndefined();
      const wanted = { none: version < "1.19" ? "prometheus" : "none", prometheus: "prometheus", otlp: undefined };
      const protocol = wanted[choice.metrics] ?? (choice === GRPC ? "grpc" : "http/protobuf");
      expect(askedOf(data, version)).toEqual({ control: protocol, requests: protocol });
    }
  });

  it("says the port of requests to the one release that has forgotten it", () => {
    expect(settingsFor(PROMETHEUS, "1.19.0")).toMatchObject({ "request-metrics-endpoint": ":9091" });
    expect(settingsFor(PROMETHEUS, "1.19.1")).not.toHaveProperty("request-metrics-endpoint");
  });

  it("tells keys of other releases", () => {
    const both = {
      "metrics.backend-destination": "prometheus",
      "metrics-protocol": "prometheus",
      "tracing-protocol": "none",
    };
    expect(deafKeys(both, "1.23.0")).toEqual(["metrics.backend-destination"]);
    expect(deafKeys(both, "1.18.2")).toEqual(["metrics-protocol"]);
  });
});

it("takes endpoints as Knative's exporters do, and refuses what they would lose", () => {
  expect(metricsEndpoint(" http://collector:4318/v1/metrics ")).toBe("http://collector:4318/v1/metrics");
  expect(metricsEndpoint("https://collector:4317/")).toBe("https://collector:4317");
  for (const text of [
    "collector:4317",
    "ftp://collector/x",
    "http://a:b@collector/v1/metrics",
    "http://c:4318",
    "http://c/v1?x=1",
    "",
  ])
    expect(metricsEndpoint(text), text).toMatchObject({ why: expect.any(String), remedy: expect.any(String) });
});
