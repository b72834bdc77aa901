import { createCounter, createHistogram, type Family, type Labels } from "../../metrics/text.ts";
import type { Stage } from "../../objects.ts";
import type { Obj } from "../../types.ts";
import type { Request } from "../request.ts";
import { type Measuring, MILLISECONDS, measuringOf, SECONDS } from "./release.ts";

/** What is counted of requests, by the pods through which they really went. */
export interface RequestMetrics {
  /** A request that has come to queue-proxy. Call the answer with its status. */
  readonly inPod: (pod: Obj, revision: Obj, request: Request) => (status: number) => void;
  /** One that has come to the activator; `sentOn` when a pod was found for it. */
  readonly inActivator: (pod: Obj, revision: Obj, request: Request) => Passing;
  readonly ofQueueProxy: (pod: Obj) => readonly Family[];
  readonly ofActivator: (pod: Obj) => readonly Family[];
}

export interface Passing {
  readonly sentOn: () => void;
  readonly done: (status: number) => void;
}

const SCOPE = "otel_scope_name";
const HTTP_SCOPE = { [SCOPE]: "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp" };
const QUEUE_SCOPE = { [SCOPE]: "knative.dev/serving/pkg/queue" };
const ACTIVATOR_SCOPE = { [SCOPE]: "knative.dev/serving/pkg/activator" };

const whose = ({ metadata }: Obj) => ({
  namespace: metadata.namespace ?? "",
  service: metadata.labels?.["serving.knative.dev/service"] ?? "",
  configuration: metadata.labels?.["serving.knative.dev/configuration"] ?? "",
  revision: metadata.name,
});

/** Labels of a Revision's series, by the keys of its time. */
export const labelsOf = (revision: Obj, { isCensus }: Measuring): Labels => {
  const { namespace, service, configuration, revision: name } = whose(revision);
  return isCensus
    ? { namespace_name: namespace, service_name: service, configuration_name: configuration, revision_name: name }
    : {
        k8s_namespace_name: namespace,
        kn_service_name: service,
        kn_configuration_name: configuration,
        kn_revision_name: name,
      };
};

const httpLabels = ({ method, host }: Request, status: number): Labels => ({
  http_request_method: method,
  http_response_status_code: String(status),
  network_protocol_name: "http",
  network_protocol_version: "1.1",
  server_address: host.replace(/:\d+$/, ""),
  url_scheme: "http",
  ...HTTP_SCOPE,
});

const codeLabels = (status: number): Labels => ({
  response_code: String(status),
  response_code_class: `${Math.floor(status / 100)}xx`,
});

const createQueue = (pod: Obj, revision: Obj, measuring: Measuring) => {
  const { isCensus, isWhole } = measuring;
  const bounds = isCensus ? MILLISECONDS : SECONDS;
  const [count, app, http] = [createCounter(), createHistogram(bounds), createHistogram(SECONDS)];
  const own: Labels = isCensus
    ? { ...labelsOf(revision, measuring), pod_name: pod.metadata.name, container_name: "queue-proxy" }
    : {};
  let inFlight = 0;
  let depth = 0;
  return {
    enter: (request: Request) => {
      const started = performance.now();
      // Read before it is counted itself.
      depth = inFlight;
      inFlight += 1;
      return (status: number): void => {
        inFlight -= 1;
        const milliseconds = performance.now() - started;
        if (isCensus) {
          const labels = { ...own, ...codeLabels(status) };
          count.add(labels);
          app.record(labels, Math.round(milliseconds));
          return;
        }
        const seconds = milliseconds / 1000;
        app.record(
          { http_response_status_code: String(status), ...QUEUE_SCOPE },
          isWhole ? Math.trunc(seconds) : seconds,
        );
        http.record({ ...httpLabels(request, status), kn_route_tag: "kn:disabled" }, seconds);
      };
    },
    families: (): readonly Family[] => {
      const limit: number = revision.spec.containerConcurrency ?? 0;
      const depthOf = (name: string, labels: Labels): Family => ({
        name,
        type: "gauge",
        help: "Number of current requests in the queue",
        // Without a limit there is no queue.
        samples: limit > 0 ? [{ labels, value: depth }] : [],
      });
      if (isCensus) {
        const counted = (name: string, help: string): Family => ({
          name: `revision_${name}_count`,
          type: "counter",
          help,
          samples: count.samples(),
        });
        const timed = (name: string): Family => ({
          name: `revision_${name}_latencies`,
          type: "histogram",
          help: "The response time in millisecond",
          samples: app.samples(),
        });
        return [
          counted("app_request", "The number of requests that are routed to user-container"),
          timed("app_request"),
          counted("request", "The number of requests that are routed to queue-proxy"),
          timed("request"),
          depthOf("revision_queue_depth", own),
        ];
      }
      const names = measuring.isRenamed
        ? { duration: "kn_serving_invocation_duration_seconds", depth: "kn_serving_queue_depth" }
        : { duration: "kn_queueproxy_app_duration_seconds", depth: "kn_queueproxy_depth" };
      return [
        { name: names.duration, type: "histogram", help: "The duration of task execution", samples: app.samples() },
        serverDuration(http.samples()),
        depthOf(names.depth, QUEUE_SCOPE),
      ];
    },
  };
};

const serverDuration = (samples: Family["samples"]): Family => ({
  name: "http_server_request_duration_seconds",
  type: "histogram",
  help: "Duration of HTTP server requests.",
  samples,
});

const createActivator = (pod: Obj, measuring: Measuring) => {
  const { isCensus, tellsQueue } = measuring;
  const [count, duration] = [createCounter(), createHistogram(isCensus ? MILLISECONDS : SECONDS)];
  const [queued, active] = [createCounter(), createCounter()];
  const own: Labels = isCensus ? { pod_name: pod.metadata.name, container_name: "activator" } : ACTIVATOR_SCOPE;
  return {
    enter: (revision: Obj, request: Request): Passing => {
      const started = performance.now();
      const labels = labelsOf(revision, measuring);
      const gauge = isCensus ? { ...labels, ...own } : labels;
      queued.add(gauge);
      let isSent = false;
      const sentOn = (): void => {
        if (isSent) return;
        isSent = true;
        queued.add(gauge, -1);
        active.add(gauge);
      };
      return {
        sentOn,
        done: (status) => {
          (isSent ? active : queued).add(gauge, -1);
          const milliseconds = performance.now() - started;
          if (!isCensus) {
            duration.record({ ...httpLabels(request, status), ...labels }, milliseconds / 1000);
            return;
          }
          const counted = { ...labels, ...own, ...codeLabels(status) };
          count.add(counted);
          duration.record(counted, Math.round(milliseconds));
        },
      };
    },
    families: (): readonly Family[] => {
      const scoped = (counter: typeof queued) =>
        counter.samples().map(({ labels, value }) => ({ labels: { ...labels, ...own }, value }));
      const both = scoped(queued).map(({ labels, value }, index) => ({
        labels,
        value: value + (scoped(active)[index]?.value ?? 0),
      }));
      const gauge = (name: string, help: string, samples: Family["samples"]): Family => ({
        name,
        type: "gauge",
        help,
        samples,
      });
      const concurrent = "Concurrent requests that are routed to Activator";
      if (isCensus)
        return [
          gauge("activator_request_concurrency", concurrent, both),
          {
            name: "activator_request_count",
            type: "counter",
            help: "The number of requests that are routed to Activator",
            samples: count.samples(),
          },
          {
            name: "activator_request_latencies",
            type: "histogram",
            help: "The response time in millisecond",
            samples: duration.samples(),
          },
        ];
      return [
        serverDuration(duration.samples()),
        gauge("kn_revision_request_concurrency", concurrent, both),
        ...(tellsQueue
          ? [
              gauge(
                "kn_revision_request_queued",
                "Number of requests currently queued in the activator",
                scoped(queued),
              ),
              gauge("kn_revision_request_active", "Number of requests currently being proxied", scoped(active)),
            ]
          : []),
      ];
    },
  };
};

export const createRequestMetrics = (stage: Stage): RequestMetrics => {
  const queues = new Map<string, ReturnType<typeof createQueue>>();
  const activators = new Map<string, ReturnType<typeof createActivator>>();
  const of = <T>(known: Map<string, T>, { metadata: { uid = "" } }: Obj, make: () => T): T => {
    const found = known.get(uid) ?? make();
    known.set(uid, found);
    return found;
  };
  return {
    inPod: (pod, revision, request) =>
      of(queues, pod, () => createQueue(pod, revision, measuringOf(stage))).enter(request),
    inActivator: (pod, revision, request) =>
      of(activators, pod, () => createActivator(pod, measuringOf(stage))).enter(revision, request),
    ofQueueProxy: ({ metadata: { uid = "" } }) => queues.get(uid)?.families() ?? [],
    ofActivator: ({ metadata: { uid = "" } }) => activators.get(uid)?.families() ?? [],
  };
};
