import { at, isRecord, type KubeObject } from "../../ports/object.ts";

/** OTLP over http: the port and the path that collectors have for it by themselves (OTLP specification 1.x, OTLP/HTTP Request). */
const PORT = 4318;
const PATH = "/v1/metrics";

/** What its chart, and its operator, write on the Services of a collector. */
const NAMES = ["opentelemetry-collector", "alloy"];

const takesOtlp = (service: KubeObject): boolean => {
  const { labels = {} } = service.metadata;
  const ports = at(service, "spec", "ports");
  const isCollector =
    NAMES.includes(labels["app.kubernetes.io/name"] ?? "") ||
    labels["app.kubernetes.io/component"] === "opentelemetry-collector";
  return (
    isCollector &&
    at(service, "spec", "clusterIP") !== "None" &&
    Array.isArray(ports) &&
    ports.filter(isRecord).some(({ port }) => port === PORT)
  );
};

/** URLs of those that are Services of the cluster. */
export const findCollectors = (services: readonly KubeObject[]): readonly string[] =>
  services
    .filter(takesOtlp)
    .map(({ metadata: { name, namespace } }) => `http://${name}.${namespace}.svc:${PORT}${PATH}`);
