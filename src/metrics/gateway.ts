import { quantiles, type Section } from "./panels.ts";

/** What a gateway measures, and where it is to be read. */
export interface GatewayMetrics {
  /** Name of the port in its container. */
  readonly port: string;
  readonly path: string;
  /** As they are asked for, with where they come from. */
  readonly names: readonly string[];
  readonly section: Section;
}

/**
 * Envoy's own statistics, for the listeners that Kourier makes (net-kourier pkg/envoy/api/http_connection_manager.go): the one for the
 * statistics themselves is another.
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats
 */
const FROM_OUTSIDE = 'envoy_http_conn_manager_prefix="ingress_http"';

export const envoyMetrics: GatewayMetrics = {
  port: "metrics",
  path: "/stats/prometheus",
  names: ["envoy_http_downstream_rq_xx", "envoy_http_downstream_rq_time_bucket", "envoy_http_downstream_rq_active"],
  section: {
    title: "Gateway",
    panels: [
      {
        title: "Requests at the gateway",
        about: "What it has answered, by class of status: also what never reached a Service.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{${FROM_OUTSIDE}}[$__rate_interval]))`,
            legend: "{{envoy_response_code_class}}xx",
          },
        ],
      },
      {
        title: "Latency at the gateway",
        about: "All that a client waits for.",
        unit: "ms",
        queries: quantiles(`rate(envoy_http_downstream_rq_time_bucket{${FROM_OUTSIDE}}[$__rate_interval])`),
      },
      {
        title: "Requests under way",
        about: "At this moment.",
        unit: "short",
        queries: [{ expr: `sum(envoy_http_downstream_rq_active{${FROM_OUTSIDE}})`, legend: "under way" }],
      },
    ],
  },
};

/** Of a gateway, not of the sidecars that count the same. */
const OF_GATEWAYS = 'reporter="source", source_workload=~".*ingress.*"';

/** @see https://istio.io/latest/docs/reference/config/metrics/ */
export const istioMetrics: GatewayMetrics = {
  port: "http-envoy-prom",
  path: "/stats/prometheus",
  names: ["istio_requests_total", "istio_request_duration_milliseconds_bucket"],
  section: {
    title: "Gateway",
    panels: [
      {
        title: "Requests at the gateway",
        about: "What it has answered, by status: also what never reached a Service.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (response_code) (rate(istio_requests_total{${OF_GATEWAYS}}[$__rate_interval]))`,
            legend: "{{response_code}}",
          },
        ],
      },
      {
        title: "Latency at the gateway",
        about: "All that a client waits for.",
        unit: "ms",
        queries: quantiles(`rate(istio_request_duration_milliseconds_bucket{${OF_GATEWAYS}}[$__rate_interval])`),
      },
    ],
  },
};
