import { CHANGING, type OptionRow } from "../../config/option.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "hpa", kind: "boolean", group: "Knative", commands: CHANGING, default: "false", help: "Install the autoscaler for Services of class HPA", means: (now) => (now ? "The HPA autoscaler is installed." : "The HPA autoscaler is removed; Services of class HPA do not scale any more.") },
] as const satisfies readonly OptionRow[];
