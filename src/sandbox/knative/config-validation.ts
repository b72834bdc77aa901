import { crc32 } from "node:zlib";

import type { Obj } from "../types.ts";
import { parseGoTemplate } from "./go-template.ts";
import { firstDocument } from "./yaml.ts";

/**
 * What `config.webhook.serving.knative.dev` refuses (serving cmd/webhook, knative.dev/pkg/webhook/configmaps): an edited
 * `_example`, and values that Serving's own parsers refuse. Unknown keys are ignored, as upstream ignores them.
 */

type Data = Record<string, string>;
type Check = (data: Data) => string | undefined;

/** The refusal's message, or undefined when the ConfigMap may be stored. `minor`: of the Knative whose webhook is asked. */
export const configRefusal = (map: Obj, minor = Number.POSITIVE_INFINITY): string | undefined => {
  const check =
    minor < OPEN_TELEMETRY_SINCE
      ? (EARLIER[map.metadata.name] ?? CHECKS[map.metadata.name])
      : CHECKS[map.metadata.name];
  if (!check) return undefined;
  const data: Data = map.data ?? {};
  const { _example: example } = data;
  const expected = map.metadata.annotations?.["knative.dev/example-checksum"];
  if (example !== undefined && expected !== undefined && exampleChecksum(example) !== expected) {
    return 'the update modifies a key in "_example" which is probably not what you want. Instead, copy the respective setting to the top-level of the ConfigMap, directly below "data"';
  }
  return check(data);
};

/** CRC-32 of the trimmed example with every run of line ends replaced by the two characters `\n` (knative.dev/pkg/configmap). */
export const exampleChecksum = (example: string): string =>
  crc32(example.trim().replace(/(?:\r?\n)+/g, "\\n"))
    .toString(16)
    .padStart(8, "0");

const quoted = (text: string): string => JSON.stringify(text);

const integers =
  (...keys: string[]): Check =>
  (data) => {
    const bad = keys.find((key) => data[key] !== undefined && !/^[+-]?\d+$/.test(data[key]));
    return (
      bad && `failed to parse ${quoted(bad)}: strconv.ParseInt: parsing ${quoted(data[bad] ?? "")}: invalid syntax`
    );
  };

const floats =
  (...keys: string[]): Check =>
  (data) => {
    const bad = keys.find((key) => data[key] !== undefined && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(data[key]));
    return (
      bad && `failed to parse ${quoted(bad)}: strconv.ParseFloat: parsing ${quoted(data[bad] ?? "")}: invalid syntax`
    );
  };

const GO_BOOLEANS = new Set(["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"]);

const booleans =
  (...keys: string[]): Check =>
  (data) => {
    const bad = keys.find((key) => data[key] !== undefined && !GO_BOOLEANS.has(data[key]));
    return (
      bad && `failed to parse ${quoted(bad)}: strconv.ParseBool: parsing ${quoted(data[bad] ?? "")}: invalid syntax`
    );
  };

const durations =
  (...keys: string[]): Check =>
  (data) => {
    const isDuration = (text: string) => /^[+-]?(0|(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+)$/.test(text);
    const bad = keys.find((key) => data[key] !== undefined && !isDuration(data[key]));
    return bad && `failed to parse ${quoted(bad)}: time: invalid duration ${quoted(data[bad] ?? "")}`;
  };

/** Values compared without regard to case; an empty value is the default. */
const choice =
  (key: string, values: readonly string[], message: (value: string) => string): Check =>
  (data) => {
    const value = data[key];
    return value === undefined || value === "" || values.includes(value.toLowerCase()) ? undefined : message(value);
  };

const template =
  (
    name: string,
    keys: readonly string[],
    sample: unknown,
    type: string,
    isGood: (text: string) => string | undefined,
  ): Check =>
  (data) => {
    const source = keys.map((key) => data[key]).find((value) => value !== undefined);
    if (source === undefined) return undefined;
    try {
      return isGood(parseGoTemplate(name, source.trim()).execute(sample, type));
    } catch (error) {
      return (error as Error).message;
    }
  };

const yaml =
  (keysOf: (data: Data) => readonly string[], shape: (value: unknown) => boolean): Check =>
  (data) => {
    for (const key of keysOf(data)) {
      try {
        const value = firstDocument(data[key] ?? "");
        if (value !== undefined && value !== null && !shape(value)) {
          return `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${nameOf(value)} into Go value`;
        }
      } catch (error) {
        const mark = (error as { mark?: { line: number } }).mark;
        const reason = (error as { reason?: string }).reason ?? (error as Error).message;
        return `error converting YAML to JSON: yaml: line ${(mark?.line ?? 0) + 1}: ${reason}`;
      }
    }
    return undefined;
  };

const nameOf = (value: unknown): string =>
  Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : (typeof value as string);

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTextMap = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (isMap(value) && Object.values(value).every((item) => typeof item === "string"));

const all =
  (...checks: Check[]): Check =>
  (data) => {
    for (const check of checks) {
      const refusal = check(data);
      if (refusal) return refusal;
    }
    return undefined;
  };

const domainTemplate = template(
  "domain-template",
  ["domain-template", "domainTemplate"],
  { Name: "foo", Namespace: "bar", Domain: "baz.com", Annotations: {}, Labels: {} },
  "config.DomainTemplateValues",
  (host) => {
    try {
      const url = new URL(`https://${host}`);
      return url.pathname + url.search === "/"
        ? undefined
        : `domain template has url path: ${url.pathname}${url.search}`;
    } catch {
      return host === "" ? "empty hostname" : `parse "https://${host}": invalid character in host name`;
    }
  },
);

const tagTemplate = template(
  "tag-template",
  ["tag-template", "tagTemplate"],
  { Name: "foo", Tag: "v2" },
  "config.TagTemplateValues",
  () => undefined,
);

const rolloutDuration: Check = (data) => {
  const value = data["rollout-duration"] ?? data.rolloutDuration;
  return value !== undefined && Number(value) < 0
    ? `rollout-duration must be a positive integer, but was ${Number(value)}`
    : undefined;
};

const encryption = (key: string): Check =>
  choice(
    key,
    ["enabled", "disabled"],
    (value) => `${key} with value: ${quoted(value)} in config-network ConfigMap is not supported`,
  );

const protocols = (prefix: string): Check =>
  all(
    durations(`${prefix}metrics-export-interval`),
    ({ [`${prefix}metrics-protocol`]: protocol = "none", [`${prefix}metrics-endpoint`]: endpoint = "" }) => {
      if (protocol === "grpc" || protocol === "http/protobuf") {
        return endpoint === "" ? `endpoint should be set when protocol is ${quoted(protocol)}` : undefined;
      }
      if (protocol === "none") return endpoint && `endpoint should not be set when protocol is ${quoted(protocol)}`;
      return protocol === "prometheus" ? undefined : `unsupported protocol ${quoted(protocol)}`;
    },
  );

const tracing: Check = ({ "tracing-protocol": protocol = "none", "tracing-endpoint": endpoint = "", ...data }) => {
  const rate = Number(data["tracing-sampling-rate"] ?? 0);
  if (protocol === "grpc" || protocol === "http/protobuf") {
    if (endpoint === "") return `endpoint should be set for protocol ${quoted(protocol)}`;
  } else if (protocol === "none" || protocol === "stdout") {
    if (endpoint !== "") return "endpoint should not be set when protocol is 'none'";
  } else return `unsupported protocol ${quoted(protocol)}`;
  if (rate < 0) return `sampling rate ${rate.toFixed(6)} should be greater or equal to zero`;
  return rate > 1 ? `sampling rate ${rate.toFixed(6)} should be less than or equal to one` : undefined;
};

const requestLog: Check = (data) => {
  const source = data["logging.request-log-template"];
  const isOn = ["1", "t", "true"].includes((data["logging.enable-request-log"] ?? "").toLowerCase());
  if (source?.trim() === "" && isOn) {
    return '"logging.enable-request-log" was set to true, but no "logging.request-log-template" was specified';
  }
  try {
    if (source) parseGoTemplate("requestLog", source.trim());
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

const logs = all(
  booleans("logging.enable-var-log-collection", "logging.enable-request-log", "logging.enable-probe-request-log"),
  requestLog,
);

/** Metrics and traces went from OpenCensus to OpenTelemetry, and their keys with them. */
const OPEN_TELEMETRY_SINCE = 19;
const EARLIER: Record<string, Check> = { "config-observability": logs };

const CHECKS: Record<string, Check> = {
  "config-network": all(
    integers("rolloutDuration", "rollout-duration"),
    booleans(
      "autocreateClusterDomainClaims",
      "autocreate-cluster-domain-claims",
      "enable-mesh-pod-addressability",
      "internal-encryption",
    ),
    yaml(
      (data) => (data["namespace-wildcard-cert-selector"] ? ["namespace-wildcard-cert-selector"] : []),
      (value) => isMap(value) && isTextMap(value.matchLabels),
    ),
    rolloutDuration,
    domainTemplate,
    tagTemplate,
    choice(
      "http-protocol",
      ["enabled", "disabled", "redirected"],
      (value) => `httpProtocol ${value} in config-network ConfigMap is not supported`,
    ),
    encryption("system-internal-tls"),
    encryption("cluster-local-domain-tls"),
  ),
  "config-domain": yaml(
    (data) => Object.keys(data).filter((key) => key !== "_example"),
    (value) =>
      isMap(value) && isTextMap(value.selector) && (value.type === undefined || typeof value.type === "string"),
  ),
  "config-observability": all(
    protocols(""),
    floats("tracing-sampling-rate"),
    tracing,
    durations("runtime-export-interval"),
    ({ "runtime-profiling": profiling = "disabled" }) =>
      ["enabled", "disabled"].includes(profiling) ? undefined : `unsupported profile setting ${quoted(profiling)}`,
    protocols("request-"),
    logs,
  ),
  "config-certmanager": yaml(
    (data) =>
      ["issuerRef", "clusterLocalIssuerRef", "systemInternalIssuerRef"].filter((key) => data[key] !== undefined),
    isMap,
  ),
  "config-autoscaler": all(
    booleans("enable-scale-to-zero"),
    floats("container-concurrency-target-percentage", "max-scale-up-rate", "max-scale-down-rate"),
    durations("stable-window", "scale-to-zero-grace-period", "scale-to-zero-pod-retention-period", "scale-down-delay"),
    integers("initial-scale", "min-scale", "max-scale"),
  ),
  "config-defaults": integers("revision-timeout-seconds", "max-revision-timeout-seconds", "container-concurrency"),
  "config-deployment": all(durations("digest-resolution-timeout", "progress-deadline"), (data) =>
    data["queue-sidecar-image"] || data.queueSidecarImage ? undefined : "queue sidecar image is missing",
  ),
  "config-features": () => undefined,
  "config-gc": () => undefined,
  "config-logging": () => undefined,
  "config-leader-election": () => undefined,
};
