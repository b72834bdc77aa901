import { CHANGING, type OptionRow } from "../../config/option.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "keepHello", kind: "boolean", group: "Knative", commands: CHANGING, default: "false", help: "Leave a Service hello for looking at, until --no-keep-hello", means: (now) => (now ? "A Service hello is there for looking at." : "The Service hello that was there for looking at is removed.") },
  { key: "open", kind: "boolean", only: "flag", group: "This command", commands: ["install", "status"], runOnly: true, default: "false", help: "Open the Service that --keep-hello has left, where there is a desktop" },
] as const satisfies readonly OptionRow[];
