import { generationOf, metricsOf } from "./names.ts";
import { type Query, quantiles, type Section } from "./panels.ts";

/** The time that a rate is taken over; Grafana fills it in. */
const OVER = "[$__rate_interval]";

/** How a generation's series are told apart and asked for. */
export interface Dialect {
  readonly namespace: string;
  readonly service: string;
  readonly revision: string;
  readonly code: string;
  /** Label matchers for 5xx. */
  readonly failed: string;
  /** A gauge of each Revision, for the variables of the dashboard. */
  readonly known: string;
  readonly latencyUnit: "s" | "ms";
  /** The series in which queue-proxy counts requests, by {@link code}. */
  readonly counted: string;
  /** What queue-proxy counts of requests: rates by Service, with further matchers. */
  readonly requests: (matchers?: string, over?: string) => string;
  readonly buckets: () => string;
  readonly depth: () => string;
  readonly activatorBuckets: string;
  readonly pods: readonly (readonly [legend: string, name: string])[];
  readonly desired: string;
  readonly scaling: readonly (readonly [legend: string, name: string])[];
  readonly panic: string;
  readonly held: readonly (readonly [legend: string, name: string])[];
  readonly workqueue: readonly [name: string, label: string];
  readonly webhook: string;
}

const opencensus: Dialect = {
  namespace: "namespace_name",
  service: "service_name",
  revision: "revision_name",
  code: "response_code",
  failed: 'response_code_class="5xx"',
  known: "autoscaler_desired_pods",
  latencyUnit: "ms",
  counted: "revision_app_request_count",
  requests: (matchers = "", over = OVER) =>
    `rate(revision_app_request_count{${[chosen("namespace_name", "service_name"), matchers].filter(Boolean).join(", ")}}${over})`,
  buckets: () => `rate(revision_app_request_latencies_bucket{${chosen("namespace_name", "service_name")}}${OVER})`,
  depth: () => `revision_queue_depth{${chosen("namespace_name", "service_name")}}`,
  activatorBuckets: "activator_request_latencies_bucket",
  desired: "autoscaler_desired_pods",
  pods: [
    ["asked for", "autoscaler_requested_pods"],
    ["ready", "autoscaler_actual_pods"],
    ["not ready", "autoscaler_not_ready_pods"],
    ["pending", "autoscaler_pending_pods"],
    ["ending", "autoscaler_terminating_pods"],
  ],
  scaling: [
    ["stable", "autoscaler_stable_request_concurrency"],
    ["panic", "autoscaler_panic_request_concurrency"],
    ["target", "autoscaler_target_concurrency_per_pod"],
  ],
  panic: "autoscaler_panic_mode",
  held: [["concurrent", "activator_request_concurrency"]],
  workqueue: ["controller_work_queue_depth", "reconciler"],
  webhook: "webhook_request_latencies_bucket",
};

/** Matchers for what is chosen at the top of the dashboard. */
function chosen(namespace: string, service: string): string {
  return `${namespace}=~"$namespace", ${service}=~"$service"`;
}

const NAMESPACE = "k8s_namespace_name";
const SERVICE = "kn_service_name";
const REVISION = "kn_revision_name";

/**
 * queue-proxy does not say in each series whose it is, but once for all, in `target_info`: whoever scrapes it, by whatever rules, both have
 * the same job and instance. What is gone within the time of the rate still counts.
 */
const ofService = (expr: string, over = OVER): string => {
  const labels = [NAMESPACE, SERVICE, REVISION].join(", ");
  const whose = `max by (job, instance, ${labels}) (last_over_time(target_info{${chosen(NAMESPACE, SERVICE)}}${over}))`;
  return `${expr} * on (job, instance) group_left (${labels}) ${whose}`;
};

const openTelemetry = (duration: string, depth: string): Dialect => ({
  namespace: NAMESPACE,
  service: SERVICE,
  revision: REVISION,
  code: "http_response_status_code",
  failed: 'http_response_status_code=~"5.."',
  known: "kn_revision_pods_desired",
  latencyUnit: "s",
  counted: `${duration}_count`,
  requests: (matchers = "", over = OVER) => ofService(`rate(${duration}_count{${matchers}}${over})`, over),
  // The older histogram of the same counts whole seconds only, until 1.21.0, 1.20.2 and 1.19.9 (serving #16358).
  buckets: () => ofService(`rate(http_server_request_duration_seconds_bucket${OVER})`),
  depth: () => ofService(depth),
  activatorBuckets: "http_server_request_duration_seconds_bucket",
  desired: "kn_revision_pods_desired",
  pods: [
    ["asked for", "kn_revision_pods_requested"],
    ["ready", "kn_revision_pods_count"],
    ["not ready", "kn_revision_pods_not_ready_count"],
    ["pending", "kn_revision_pods_pending_count"],
    ["ending", "kn_revision_pods_terminating_count"],
  ],
  scaling: [
    ["stable", "kn_revision_concurrency_stable"],
    ["panic", "kn_revision_concurrency_panic"],
    ["target", "kn_revision_concurrency_target"],
  ],
  panic: "kn_revision_panic_mode",
  held: [
    ["concurrent", "kn_revision_request_concurrency"],
    ["waiting", "kn_revision_request_queued"],
    ["sent on", "kn_revision_request_active"],
  ],
  workqueue: ["kn_workqueue_depth", "name"],
  webhook: "kn_webhook_handler_duration_seconds_bucket",
});

/** @param version of Serving */
export const dialectOf = (version: string): Dialect =>
  ({
    opencensus,
    queueproxy: openTelemetry("kn_queueproxy_app_duration_seconds", "kn_queueproxy_depth"),
    serving: openTelemetry("kn_serving_invocation_duration_seconds", "kn_serving_queue_depth"),
  })[generationOf(version)];

/** Whether the activator reaches the autoscaler. */
const CONNECTED = "kn_activator_stats_conn_reachable";

/** What Knative itself measures. */
export const sectionsOf = (version: string): readonly Section[] => {
  const has = dialectOf(version);
  const { service, revision, code, latencyUnit } = has;
  const measured = new Set(metricsOf(version).map(({ name }) => name));
  const matchers = chosen(has.namespace, service);
  const total = `sum by (${service}) (${has.requests()})`;
  const failed = `sum by (${service}) (${has.requests(has.failed)})`;
  const gauge = ([legend, name]: readonly [string, string]): Query => ({
    expr: `sum by (${revision}) (${name}{${matchers}})`,
    legend: `{{${revision}}} ${legend}`,
  });
  const [queue, queueLabel] = has.workqueue;
  return [
    {
      title: "Requests",
      panels: [
        {
          title: "Requests",
          about: "What the pods of each Service have answered.",
          unit: "reqps",
          queries: [{ expr: total, legend: `{{${service}}}` }],
        },
        {
          title: "Errors",
          about: "The share of answers with 5xx.",
          unit: "percentunit",
          queries: [{ expr: `(${failed} or 0 * ${total}) / ${total}`, legend: `{{${service}}}` }],
        },
        {
          title: "Answers by status",
          about: "All of them, by status code.",
          unit: "reqps",
          queries: [{ expr: `sum by (${code}) (${has.requests()})`, legend: `{{${code}}}` }],
        },
        {
          title: "Latency",
          about: "From queue-proxy on: without the wait for a pod.",
          unit: latencyUnit,
          queries: quantiles(has.buckets()),
        },
      ],
    },
    {
      title: "Scale",
      panels: [
        {
          title: "Pods wanted",
          about: "What the autoscaler wants.",
          unit: "short",
          queries: [gauge(["wanted", has.desired])],
        },
        { title: "Pods", about: "What there is.", unit: "short", queries: has.pods.map(gauge) },
        {
          title: "Starts from zero",
          about: "How often a Revision that had no pods was given some, in the time shown.",
          unit: "short",
          queries: [
            {
              expr: `sum by (${revision}) (ceil(changes((${has.desired}{${matchers}} > bool 0)[$__range:15s]) / 2))`,
              legend: `{{${revision}}}`,
            },
          ],
        },
        {
          title: "Latency through the activator",
          about: "With the wait for a pod: what a start from zero costs is seen here.",
          unit: latencyUnit,
          queries: quantiles(`rate(${has.activatorBuckets}{${matchers}}${OVER})`),
        },
        {
          title: "Concurrency for each pod",
          about: "What the autoscaler goes by.",
          unit: "short",
          queries: has.scaling.map(([legend, name]) => ({
            expr: `avg by (${revision}) (${name}{${matchers}})`,
            legend: `{{${revision}}} ${legend}`,
          })),
        },
        {
          title: "Panic",
          about: "1: more requests came than the stable window would have asked pods for.",
          unit: "short",
          queries: [{ expr: `max by (${revision}) (${has.panic}{${matchers}})`, legend: `{{${revision}}}` }],
        },
      ],
    },
    {
      title: "Queues",
      panels: [
        {
          title: "In the pods",
          about: "Served and waiting, of Services with a limit of concurrency; others have no queue.",
          unit: "short",
          queries: [{ expr: `sum by (${service}) (${has.depth()})`, legend: `{{${service}}}` }],
        },
        {
          title: "In the activator",
          about: "Requests that it holds.",
          unit: "short",
          queries: has.held.filter(([, name]) => measured.has(name)).map(gauge),
        },
      ],
    },
    {
      title: "Knative itself",
      panels: [
        {
          title: "Work that waits for the controller",
          about: "Objects in its queues.",
          unit: "short",
          queries: [{ expr: `sum by (${queueLabel}) (${queue})`, legend: `{{${queueLabel}}}` }],
        },
        {
          title: "Latency of the webhook",
          about: "Every change of an object of Knative waits for it.",
          unit: latencyUnit,
          queries: quantiles(`rate(${has.webhook}${OVER})`),
        },
        ...(measured.has(CONNECTED)
          ? [
              {
                title: "Activator to autoscaler",
                about: "0: what the activator counts does not reach the autoscaler, and nothing starts from zero.",
                unit: "short" as const,
                queries: [{ expr: `min by (pod) (${CONNECTED})`, legend: "{{pod}}" }],
              },
            ]
          : []),
      ],
    },
  ];
};

/** Requests to every Service within the last minutes, by namespace and Service: all, and those that were answered with 5xx. */
export const recentRequests = (version: string, minutes: number): { readonly all: string; readonly failed: string } => {
  const { namespace, service, failed, requests } = dialectOf(version);
  const within = (matchers?: string): string => {
    const rates = requests(matchers, `[${minutes}m]`).replaceAll("$namespace", ".*").replaceAll("$service", ".*");
    return `${minutes * 60} * sum by (${namespace}, ${service}) (${rates})`;
  };
  return { all: within(), failed: within(failed) };
};

/**
 * How many requests to a Service have arrived by OTLP: its name is that of the job. Whatever a Prometheus makes of dots and units, `otlp.translation_strategy`.
 * @param version of Serving, 1.19 or newer
 */
export const sentRequests = (version: string, service: string): string => {
  const name = dialectOf(version)
    .counted.replace(/_seconds_count$/, "")
    .replaceAll("_", ".");
  return `sum({__name__=~"${name}.*_count", job="${service}"})`;
};
