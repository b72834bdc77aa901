import { CHANGING, type OptionRow } from "../../config/option.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "logging", kind: "choice", choices: ["none", "request-logs"], group: "Knative", commands: CHANGING, default: "none", help: "Logs to turn on", means: (now) => (now === "none" ? "Requests are not logged any more." : "Each request to a Service is logged by its pod.") },
] as const satisfies readonly OptionRow[];
