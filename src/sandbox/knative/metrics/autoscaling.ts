import type { Family, Labels } from "../../metrics/text.ts";
import { isPodReady, type Stage } from "../../objects.ts";
import type { Obj } from "../../types.ts";
import type { Autoscaler } from "../autoscaler.ts";
import { AUTOSCALING, SERVING } from "../names.ts";
import type { Measuring } from "./release.ts";
import { labelsOf } from "./requests.ts";

const SCOPE = { otel_scope_name: "knative.dev/serving/pkg/autoscaler" };

/** Of what a pod can take, the share that is aimed at (container-concurrency-target-percentage), and what it takes without a limit. */
const TARGET = { share: 0.7, unlimited: 100 };

const CENSUS: Readonly<Record<string, string>> = {
  desired: "desired_pods",
  requested: "requested_pods",
  count: "actual_pods",
  not_ready_count: "not_ready_pods",
  pending_count: "pending_pods",
  terminating_count: "terminating_pods",
  concurrency_stable: "stable_request_concurrency",
  concurrency_panic: "panic_request_concurrency",
  concurrency_target: "target_concurrency_per_pod",
  panic_mode: "panic_mode",
  capacity_excess: "excess_burst_capacity",
};

const PODS = ["desired", "requested", "count", "not_ready_count", "pending_count", "terminating_count"];

/** What the autoscaler knows of one Revision, by the last words of its series' names. */
const figuresOf = ({ api }: Stage, autoscaler: Obj, concurrency: number): Readonly<Record<string, number>> => {
  const { name, namespace = "" } = autoscaler.metadata;
  const pods = api
    .list("v1", "Pod", namespace)
    .filter(({ metadata }) => metadata.labels?.["serving.knative.dev/revision"] === name);
  const going = pods.filter(({ metadata }) => metadata.deletionTimestamp);
  const staying = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const pending = staying.filter(({ status }) => status?.phase === "Pending");
  const ready = staying.filter(isPodReady);
  const each = concurrency / Math.max(1, ready.length);
  const limit: number = autoscaler.spec.containerConcurrency || TARGET.unlimited;
  return {
    desired: Math.max(0, autoscaler.status?.desiredScale ?? 0),
    requested: api.get({ ...autoscaler.spec.scaleTargetRef, namespace })?.spec.replicas ?? 0,
    count: ready.length,
    not_ready_count: staying.length - ready.length,
    pending_count: pending.length,
    terminating_count: going.length,
    concurrency_stable: each,
    concurrency_panic: each,
    concurrency_target: limit * TARGET.share,
    panic_mode: 0,
    capacity_excess: ready.length * limit - concurrency,
  };
};

/** What the autoscaler shows. */
export const autoscalerFamilies = (stage: Stage, autoscaler: Autoscaler, measuring: Measuring): readonly Family[] => {
  const known = stage.api.list(AUTOSCALING, "PodAutoscaler").flatMap((one) => {
    const { namespace = "", name } = one.metadata;
    const revision = stage.api.get({ apiVersion: SERVING, kind: "Revision", namespace, name });
    if (!revision) return [];
    const labels: Labels = { ...labelsOf(revision, measuring), ...(measuring.isCensus ? {} : SCOPE) };
    return [{ labels, figures: figuresOf(stage, one, autoscaler.concurrency(namespace, name)) }];
  });
  return Object.entries(CENSUS).map(([what, census]) => ({
    name: measuring.isCensus ? `autoscaler_${census}` : `kn_revision_${PODS.includes(what) ? "pods_" : ""}${what}`,
    type: "gauge",
    help: `Of each Revision: ${what.replaceAll("_", " ")}.`,
    samples: known.map(({ labels, figures }) => ({ labels, value: figures[what] ?? 0 })),
  }));
};
