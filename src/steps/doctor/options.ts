import type { OptionRow } from "../../config/option.ts";
import { anyText, cronSchedule } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "schedule", kind: "text", value: "CRON", syntax: cronSchedule, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "every quarter of an hour", help: "When the CronJob looks: five cron fields, UTC" },
  { key: "publish", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "Keep the result in ConfigMap kn-bootstrap/doctor, and make an Event of what has changed" },
  { key: "metricsFile", kind: "text", value: "FILE", syntax: anyText, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "none", help: "Write the result as metrics, as the textfile collector of node_exporter reads them" },
] as const satisfies readonly OptionRow[];
