import { METRICS, named } from "../knative/stand-ins/named.ts";
import { workload } from "../knative/stand-ins/workloads.ts";
import type { Part } from "../part.ts";
import { labels, service } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

/** serving-hpa.yaml */
const servingHpa = (version: string): readonly Obj[] => {
  const name = "autoscaler-hpa";
  const provider = { "autoscaling.knative.dev/autoscaler-provider": "hpa" };
  return [
    workload(version, { name, requests: "30m/40Mi", ports: "probes:8080", labels: provider }),
    service(named(name), { app: name, ...labels(version, name), ...provider }, `app=${name}`, METRICS),
  ];
};

/** The autoscaler class that leaves scaling to Kubernetes: a process that nothing in the world depends on. */
export const hpa: Part = { name: "hpa", standIns: { "serving/serving-hpa.yaml": servingHpa } };
