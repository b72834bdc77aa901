import { CHANGING, type OptionRow } from "../../config/option.ts";
import { metricsEndpoint } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "metrics", kind: "choice", choices: ["none", "prometheus", "otlp"], group: "Knative", commands: CHANGING, default: "none", help: "What becomes of metrics; since Knative 1.19 they are off by themselves", means: (now) => (now === "none" ? "Knative and its requests are not measured any more. All pods of Knative and of every Service are replaced." : `${now === "otlp" ? "Metrics are sent to the endpoint" : "Metrics are there for Prometheus to read"}. All pods of Knative and of every Service are replaced.`) },
  { key: "metricsEndpoint", kind: "text", value: "URL", syntax: metricsEndpoint, belongsTo: ["metrics"], group: "Knative", commands: CHANGING, unset: "needed with --metrics otlp", help: "Where to send metrics: http://HOST:4318/v1/metrics, or http://HOST:4317 for gRPC", means: () => "All pods of Knative and of every Service are replaced." },
] as const satisfies readonly OptionRow[];
