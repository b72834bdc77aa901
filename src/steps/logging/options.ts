import { CHANGING, type OptionRow } from "../../config/option.ts";
import { days, nodeLabel, objectName, replicas, size, storeUrl } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "logging", kind: "choice", choices: ["none", "request-logs", "fluent-bit", "elasticsearch"], group: "Logging", commands: CHANGING, default: "none", help: "Logs of requests; fluent-bit sends them on, elasticsearch keeps them here", means: (now) => MEANINGS[now] },
  { key: "loggingCollect", kind: "choice", choices: ["requests", "services", "all"], belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "services", help: "What is collected: lines of requests, all of Knative's Services, or of every pod", means: () => "What was collected stays." },
  { key: "loggingNodes", kind: "text", value: "KEY[=VALUE]", syntax: nodeLabel, belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "all nodes", help: "Collect only on nodes with this label", means: (now) => (now ? "Logs of other nodes are not collected any more." : "Logs of all nodes are collected.") },
  { key: "loggingOutput", kind: "choice", choices: ["stdout", "elasticsearch", "opensearch", "loki", "http"], belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "stdout", help: "Where fluent-bit sends logs; credentials come by LOGGING_USERNAME and LOGGING_PASSWORD, or LOGGING_TOKEN", means: () => "What was sent elsewhere stays there." },
  { key: "loggingUrl", kind: "text", value: "URL", syntax: storeUrl, belongsTo: ["loggingOutput"], group: "Logging", commands: CHANGING, unset: "needed unless it is stdout", help: "URL of that output, as the nodes reach it", means: () => "What was sent elsewhere stays there." },
  { key: "loggingReplicas", kind: "text", value: "COUNT", syntax: replicas, belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "1", help: "Nodes of Elasticsearch; 3 or more keep logs and service when one is lost", means: () => "New indices get a copy on another node, or none." },
  { key: "loggingStorage", kind: "text", value: "SIZE", syntax: size, belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "10Gi", help: "Room of each of these nodes" },
  { key: "loggingStorageClass", kind: "text", value: "NAME", syntax: objectName, belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "the cluster's default", help: "StorageClass of that room" },
  { key: "loggingRetention", kind: "text", value: "DAYS", syntax: days, belongsTo: ["logging"], group: "Logging", commands: CHANGING, unset: "7", help: "Days that Elasticsearch keeps logs", means: () => "Older logs are deleted." },
] as const satisfies readonly OptionRow[];

const MEANINGS = {
  none: "Requests are not logged any more; what collects logs is removed.",
  "request-logs": "Each request to a Service is logged by its pod.",
  "fluent-bit": "Each request to a Service is logged by its pod, and Fluent Bit sends it on.",
  elasticsearch: "Each request to a Service is logged by its pod, and Elasticsearch keeps it.",
} as const;
