import { existsSync, readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { configRefusal, exampleChecksum } from "../../src/sandbox/knative/config-validation.ts";
import type { Obj } from "../../src/sandbox/types.ts";

const config = (name: string, data: Record<string, string>, annotations?: Record<string, string>): Obj => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "knative-serving", ...(annotations ? { annotations } : {}) },
  data,
});

describe("the config webhook", () => {
  it.each<[string, Record<string, string>, string]>([
    [
      "config-network",
      { "domain-template": "{{.Nam}}" },
      "can't evaluate field Nam in type config.DomainTemplateValues",
    ],
    ["config-network", { "domain-template": "{{.Name}}/{{.Domain}}" }, "domain template has url path: /baz.com"],
    ["config-network", { "domain-template": "" }, "empty hostname"],
    ["config-network", { "rollout-duration": "ten" }, 'failed to parse "rollout-duration"'],
    ["config-network", { "rollout-duration": "-1" }, "rollout-duration must be a positive integer, but was -1"],
    ["config-network", { "autocreate-cluster-domain-claims": "yes" }, "strconv.ParseBool"],
    [
      "config-network",
      { "http-protocol": "redirect" },
      "httpProtocol redirect in config-network ConfigMap is not supported",
    ],
    ["config-network", { "system-internal-tls": "on" }, 'system-internal-tls with value: "on" in config-network'],
    ["config-network", { "namespace-wildcard-cert-selector": "{a" }, "error converting YAML to JSON"],
    ["config-domain", { "example.com": "selector: [a]" }, "error unmarshaling JSON"],
    ["config-domain", { "example.com": "selector: {a" }, "error converting YAML to JSON"],
    [
      "config-observability",
      { "logging.enable-request-log": "true", "logging.request-log-template": "" },
      '"logging.enable-request-log" was set to true, but no "logging.request-log-template" was specified',
    ],
    ["config-observability", { "metrics-protocol": "opencensus" }, 'unsupported protocol "opencensus"'],
    [
      "config-observability",
      { "tracing-sampling-rate": "2", "tracing-protocol": "stdout" },
      "less than or equal to one",
    ],
    ["config-deployment", { "digest-resolution-timeout": "5s" }, "queue sidecar image is missing"],
  ])("refuses %s %j", (name, data, message) => {
    expect(configRefusal(config(name, data))).toContain(message);
  });

  it.each<[string, Record<string, string>]>([
    ["config-network", { "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}", "http-protocol": "Redirected" }],
    ["config-network", { "external-domain-tls": "nonsense means disabled", unknown: "key" }],
    ["config-domain", { "example.com": "", "example.org": "selector:\n  app: x\ntype: wildcard" }],
    ["config-observability", { "logging.enable-request-log": "true" }],
    ["config-kourier", { "certs-secret-name": "anything, nobody validates it" }],
  ])("accepts %s %j", (name, data) => {
    expect(configRefusal(config(name, data))).toBeUndefined();
  });

  it("refuses an edited _example and only that", () => {
    const example = "some\n\nexample\n";
    const annotations = { "knative.dev/example-checksum": exampleChecksum(example) };
    expect(configRefusal(config("config-domain", { _example: example }, annotations))).toBeUndefined();
    expect(configRefusal(config("config-domain", { _example: `${example}x` }, annotations))).toMatch(
      /^the update modifies a key in "_example" which is probably not what you want\./,
    );
  });

  it("knows the keys of metrics and traces from 1.19 on, and ignores them before", () => {
    const map = config("config-observability", { "metrics-protocol": "carrier pigeon" });
    expect(configRefusal(map, 19)).toBe('unsupported protocol "carrier pigeon"');
    expect(configRefusal(map, 18)).toBeUndefined();
    const logs = config("config-observability", { "logging.enable-request-log": "perhaps" });
    expect(configRefusal(logs, 18)).toMatch(/invalid syntax/);
  });

  const manifest = "../shared/upstream/serving/1.23.0/serving-core.yaml";
  it.skipIf(!existsSync(manifest))(`accepts every ConfigMap of the release (skipped without ${manifest})`, () => {
    const maps = (loadAll(readFileSync(manifest, "utf8")) as (Obj | null)[]).filter(
      (object) => object?.kind === "ConfigMap",
    );
    expect(maps.length).toBeGreaterThan(10);
    for (const map of maps) expect(map && configRefusal(map)).toBeUndefined();
  });
});
