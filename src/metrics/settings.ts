import { isOpenTelemetry } from "./names.ts";

/** What is asked of metrics. */
export interface MetricsChoice {
  readonly metrics: "none" | "prometheus" | "otlp";
  /** Where `otlp` sends them, a URL. */
  readonly metricsEndpoint?: string;
}

/** Here queue-proxy shows what it measures of requests; at its port 9090 only the autoscaler understands the answer. */
export const REQUESTS_PORT = 9091;
/** Of every process of Knative's own. */
export const CONTROL_PORT = 9090;

/** The path at which a Prometheus takes OTLP, when it is told to (Prometheus HTTP API, "OTLP Receiver"). */
export const OTLP_RECEIVER = "/api/v1/otlp/v1/metrics";

/** gRPC has a port of its own, and no path (OpenTelemetry protocol exporter, "Endpoint URLs"). */
const isGrpc = ({ port, pathname }: URL): boolean => port === "4317" && pathname === "/";

/** The protocol that an endpoint speaks: `grpc` at port 4317 without a path, else `http/protobuf`. */
export const protocolOf = (endpoint: string): "grpc" | "http/protobuf" =>
  isGrpc(new URL(endpoint)) ? "grpc" : "http/protobuf";

/** 1.19.0 shows request metrics at 9090, where its own server is already; the port is said there (serving #16018). */
const forgetsItsPort = (version: string): boolean => version === "1.19.0";

/**
 * Keys of config-observability for a version of Serving (config/core/configmaps/observability.yaml). Empty for `none`: since 1.19 that is
 * the default, and before it nothing was ever off. Before 1.19 there is no otlp.
 */
export const settingsFor = (
  { metrics, metricsEndpoint = "" }: MetricsChoice,
  version: string,
): Readonly<Record<string, string>> => {
  if (metrics === "none") return {};
  if (!isOpenTelemetry(version))
    return {
      "metrics.backend-destination": "prometheus",
      "metrics.request-metrics-backend-destination": "prometheus",
    };
  if (metrics === "prometheus")
    return {
      "metrics-protocol": "prometheus",
      "request-metrics-protocol": "prometheus",
      ...(forgetsItsPort(version) ? { "request-metrics-endpoint": `:${REQUESTS_PORT}` } : {}),
    };
  const protocol = protocolOf(metricsEndpoint);
  return {
    "metrics-protocol": protocol,
    "metrics-endpoint": metricsEndpoint,
    "request-metrics-protocol": protocol,
    "request-metrics-endpoint": metricsEndpoint,
  };
};

/** What a ConfigMap asks for, by the keys that this version reads. */
export interface Asked {
  /** Of Knative's own processes. */
  readonly control: string;
  /** Of requests, by queue-proxy. */
  readonly requests: string;
}

/** @param data of config-observability */
export const askedOf = (data: Readonly<Record<string, string>>, version: string): Asked => {
  if (isOpenTelemetry(version))
    return { control: data["metrics-protocol"] || "none", requests: data["request-metrics-protocol"] || "none" };
  return {
    control: data["metrics.backend-destination"] || "prometheus",
    requests: data["metrics.request-metrics-backend-destination"] || "prometheus",
  };
};

/** Keys about metrics in a ConfigMap that this version does not read. */
export const deafKeys = (data: Readonly<Record<string, string>>, version: string): readonly string[] => {
  const isOfOthers = isOpenTelemetry(version)
    ? (key: string) => key.startsWith("metrics.") || key === "profiling.enable"
    : (key: string) => /^(request-)?metrics-/.test(key);
  return Object.keys(data).filter(isOfOthers);
};
