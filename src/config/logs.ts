import type { OptionRow } from "./option.ts";
import { anyText, milliseconds, namespaceName } from "./syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "service", kind: "text", value: "NAME", syntax: anyText, only: "flag", group: "This command", commands: ["logs"], runOnly: true, unset: "all of them", help: "Requests to this Knative Service; the Service of the UI to open" },
  { key: "namespace", kind: "text", value: "NAME", syntax: namespaceName, only: "flag", group: "This command", commands: ["logs"], runOnly: true, unset: "all namespaces", help: "Look into this namespace alone" },
  // In CommandFlags: seconds.
  { key: "since", kind: "duration", value: "TIME", only: "flag", group: "This command", commands: ["logs"], runOnly: true, unset: "all that the pods have kept", help: "Requests of the last 90, 10m or 1h30m" },
  { key: "follow", kind: "boolean", short: "f", only: "flag", group: "This command", commands: ["logs"], runOnly: true, default: "false", help: "Go on with requests that come, also of pods that come; Ctrl-C ends it" },
  { key: "errors", kind: "boolean", only: "flag", group: "This command", commands: ["logs"], runOnly: true, default: "false", help: "Only requests that were answered with 400 or more" },
  { key: "slowerThan", kind: "text", value: "TIME", syntax: milliseconds, only: "flag", group: "This command", commands: ["logs"], runOnly: true, unset: "all", help: "Only requests that took as long: 500ms, 2s, 1m" },
] as const satisfies readonly OptionRow[];
