import { compareVersions, minorOf } from "../ports/version.ts";

/**
 * How a release names what it measures. OpenCensus until 1.18; OpenTelemetry since, with two sets of names for what queue-proxy measures:
 * `queueproxy` until they were renamed in 1.21.0, 1.20.1 and 1.19.8 (serving #16290, #16293, #16292).
 */
export type Generation = "opencensus" | "queueproxy" | "serving";

/** Since this minor metrics are OpenTelemetry's, under other keys and names, and off by themselves. */
export const OPEN_TELEMETRY = "1.19";
/** The first patch of a minor with the names of today; later minors have them all. */
const RENAMED: Readonly<Record<string, number>> = { "1.19": 8, "1.20": 1 };

export const isOpenTelemetry = (version: string): boolean => compareVersions(version, OPEN_TELEMETRY) >= 0;

/** @param version of Serving, `1.23.0` */
export const generationOf = (version: string): Generation => {
  if (!isOpenTelemetry(version)) return "opencensus";
  const minor = minorOf(version) ?? "";
  return compareVersions(version, `${minor}.${RENAMED[minor] ?? 0}`) < 0 ? "queueproxy" : "serving";
};

type Process = "queue-proxy" | "activator" | "autoscaler" | "controller" | "webhook";

/** One metric as Prometheus gets it: for a histogram its name without `_bucket`, `_sum` and `_count`. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly by: Process;
  /** The first minor that has it; absent: all of its generations. */
  readonly since?: string;
  readonly generations: readonly Generation[];
  /** The file that makes it, in knative/serving or (`pkg:`) knative/pkg. */
  readonly source: string;
}

const rows =
  (by: Process, source: string, generations: readonly Generation[], since?: string) =>
  (type: Metric["type"], ...names: readonly string[]): readonly Metric[] =>
    names.map((name) => ({ name, type, by, generations, source, ...(since ? { since } : {}) }));

const OLD: readonly Generation[] = ["opencensus"];
const NEW: readonly Generation[] = ["queueproxy", "serving"];

/**
 * What the dashboards and `status` go by, not all that there is. OpenCensus puts the component in front (`revision` for queue-proxy) and
 * says milliseconds; OpenTelemetry's exporter makes underscores of dots and adds the unit and `_total` (UnderscoreEscapingWithSuffixes).
 */
const METRICS: readonly Metric[] = [
  ...rows("queue-proxy", "pkg/queue/request_metric.go", OLD)(
    "counter",
    "revision_app_request_count",
    "revision_request_count",
  ),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", OLD)(
    "histogram",
    "revision_app_request_latencies",
    "revision_request_latencies",
  ),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", OLD)("gauge", "revision_queue_depth"),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", ["queueproxy"])(
    "histogram",
    "kn_queueproxy_app_duration_seconds",
  ),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", ["queueproxy"])("gauge", "kn_queueproxy_depth"),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", ["serving"])(
    "histogram",
    "kn_serving_invocation_duration_seconds",
  ),
  ...rows("queue-proxy", "pkg/queue/request_metric.go", ["serving"])("gauge", "kn_serving_queue_depth"),
  ...rows("queue-proxy", "pkg/queue/sharedmain/handlers.go", NEW)("histogram", "http_server_request_duration_seconds"),
  ...rows("queue-proxy", "pkg/queue/sharedmain/otel.go", NEW)("gauge", "target_info"),
  ...rows("activator", "pkg/activator/handler/metrics.go", OLD)("counter", "activator_request_count"),
  ...rows("activator", "pkg/activator/handler/metrics.go", OLD)("histogram", "activator_request_latencies"),
  ...rows("activator", "pkg/activator/handler/metrics.go", OLD)("gauge", "activator_request_concurrency"),
  ...rows("activator", "pkg/activator/handler/metrics.go", NEW)("gauge", "kn_revision_request_concurrency"),
  ...rows(
    "activator",
    "pkg/activator/handler/metrics.go",
    NEW,
    "1.22",
  )("gauge", "kn_revision_request_queued", "kn_revision_request_active"),
  ...rows("activator", "cmd/activator/main.go", NEW)("histogram", "http_server_request_duration_seconds"),
  ...rows("activator", "pkg/activator/metrics.go", NEW, "1.21")("gauge", "kn_activator_stats_conn_reachable"),
  ...rows("autoscaler", "pkg/autoscaler/scaling/metrics.go", OLD)(
    "gauge",
    ...[
      "desired_pods",
      "excess_burst_capacity",
      "panic_mode",
      "stable_request_concurrency",
      "panic_request_concurrency",
    ].map((name) => `autoscaler_${name}`),
    "autoscaler_target_concurrency_per_pod",
  ),
  ...rows(
    "autoscaler",
    "pkg/reconciler/autoscaling/kpa/metrics.go",
    OLD,
  )(
    "gauge",
    ...["requested", "actual", "not_ready", "pending", "terminating"].map((name) => `autoscaler_${name}_pods`),
  ),
  ...rows(
    "autoscaler",
    "pkg/autoscaler/scaling/metrics.go",
    NEW,
  )(
    "gauge",
    ...[
      "pods_desired",
      "capacity_excess",
      "panic_mode",
      "concurrency_stable",
      "concurrency_panic",
      "concurrency_target",
    ].map((name) => `kn_revision_${name}`),
  ),
  ...rows(
    "autoscaler",
    "pkg/reconciler/autoscaling/kpa/metrics.go",
    NEW,
  )(
    "gauge",
    ...["requested", "count", "not_ready_count", "pending_count", "terminating_count"].map(
      (name) => `kn_revision_pods_${name}`,
    ),
  ),
  ...rows("controller", "pkg: controller/stats_reporter.go", OLD)("gauge", "controller_work_queue_depth"),
  ...rows("controller", "pkg: controller/stats_reporter.go", OLD)("counter", "controller_reconcile_count"),
  ...rows("controller", "pkg: observability/metrics/k8s/workqueue.go", NEW)("gauge", "kn_workqueue_depth"),
  ...rows("controller", "pkg: observability/metrics/k8s/workqueue.go", NEW)("counter", "kn_workqueue_adds_total"),
  ...rows("webhook", "pkg: webhook/stats_reporter.go", OLD)("counter", "webhook_request_count"),
  ...rows("webhook", "pkg: webhook/stats_reporter.go", OLD)("histogram", "webhook_request_latencies"),
  ...rows("webhook", "pkg: webhook/metrics.go", NEW)("histogram", "kn_webhook_handler_duration_seconds"),
];

/** Those that a version of Serving exports. */
export const metricsOf = (version: string): readonly Metric[] => {
  const generation = generationOf(version);
  return METRICS.filter(
    ({ generations, since }) =>
      generations.includes(generation) && (since === undefined || compareVersions(version, since) >= 0),
  );
};
