import { createStatistics, type Statistics } from "../ingress/statistics.ts";
import { deploymentOf } from "../kubernetes/processes.ts";
import type { Obj } from "../types.ts";

/** Of Envoy itself, `http-envoy-prom`, and of the agent beside it, which adds its own. */
export const STATISTICS_PORTS: readonly number[] = [15_090, 15_020];

const labelsOf = (status: number, pod: Obj) => ({
  reporter: "source",
  source_workload: deploymentOf(pod)?.split("/")[1] ?? pod.metadata.name,
  source_workload_namespace: pod.metadata.namespace ?? "",
  request_protocol: "http",
  response_code: String(status),
});

/** Istio's standard metrics, as its Envoys show them. */
export const istioStatistics = (): Statistics =>
  createStatistics(
    (status, pod) => ({ answer: labelsOf(status, pod), time: labelsOf(status, pod) }),
    ({ answers, times }) => [
      { name: "istio_requests_total", type: "counter", help: "Answers.", samples: answers.samples() },
      {
        name: "istio_request_duration_milliseconds",
        type: "histogram",
        help: "Milliseconds.",
        samples: times.samples(),
      },
    ],
  );
