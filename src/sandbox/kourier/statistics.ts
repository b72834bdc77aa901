import { createStatistics, type Statistics } from "../ingress/statistics.ts";

/** The port of the listener that shows them, by Kourier's bootstrap. */
export const STATISTICS_PORT = 9000;
/** Of the listeners that Kourier makes (net-kourier pkg/envoy/api/http_connection_manager.go). */
const PREFIX = { envoy_http_conn_manager_prefix: "ingress_http" };

/** As Envoy shows them to Prometheus. */
export const envoyStatistics = (): Statistics =>
  createStatistics(
    (status) => ({ answer: { envoy_response_code_class: String(Math.floor(status / 100)), ...PREFIX }, time: PREFIX }),
    ({ answers, times, active }) => [
      { name: "envoy_http_downstream_rq_xx", type: "counter", help: "Answers.", samples: answers.samples() },
      { name: "envoy_http_downstream_rq_time", type: "histogram", help: "Milliseconds.", samples: times.samples() },
      {
        name: "envoy_http_downstream_rq_active",
        type: "gauge",
        help: "Requests under way.",
        samples: [{ labels: PREFIX, value: active }],
      },
    ],
  );
