import type { OptionRow } from "../../config/option.ts";
import { imageName, objectName } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "probe", kind: "boolean", only: "flag", group: "This command", commands: ["doctor"], runOnly: true, default: "false", help: "Make a temporary Service, ask it on each part of the way, and take it away" },
  { key: "probeNamespace", kind: "text", value: "NAME", syntax: objectName, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "kn-bootstrap-probe, made for it and removed", help: "Namespace for the temporary Service, which is there already" },
  { key: "probeImage", kind: "text", value: "REF", syntax: imageName, only: "flag", group: "This command", commands: ["doctor"], runOnly: true, unset: "that of the proof", help: "Image of the temporary Service: a copy of the proof's" },
] as const satisfies readonly OptionRow[];
