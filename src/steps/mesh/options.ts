import { CHANGING, type OptionRow } from "../../config/option.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "mesh", kind: "boolean", belongsTo: ["ingress"], group: "Ingress and domain", commands: CHANGING, default: "false", help: "Take Knative into Istio's mesh, with --ingress istio", means: (now) => (now ? "The activator and the autoscaler get sidecars, and names inside the cluster answer mutual TLS only: pods without a sidecar do not reach Services by them any more." : "The activator and the autoscaler lose their sidecars: pods that ask for mutual TLS do not start from zero any more.") },
] as const satisfies readonly OptionRow[];
