import { deploymentOf } from "../../kubernetes/processes.ts";
import { createHistogram, type Family, textOf } from "../../metrics/text.ts";
import { isUp } from "../../objects.ts";
import type { Exported, Ground } from "../../part.ts";
import type { Reconciler } from "../../reconcile.ts";
import type { Obj } from "../../types.ts";
import type { Webhook } from "../../webhooks.ts";
import type { Autoscaler } from "../autoscaler.ts";
import { NAMESPACE } from "../names.ts";
import { readConfig } from "../settings.ts";
import { autoscalerFamilies } from "./autoscaling.ts";
import { MILLISECONDS, measuringOf, SECONDS } from "./release.ts";
import type { RequestMetrics } from "./requests.ts";
import { type Sending, sending } from "./sending.ts";

const [CONTROL_PORT, REQUESTS_PORT] = [9090, 9091];
const QUEUE_PROXY = "queue-proxy";

interface Sources {
  readonly requests: RequestMetrics;
  readonly autoscaler: Autoscaler;
}

export interface ServingMetrics {
  /** Sends what is to be sent. */
  readonly reconciler: Reconciler;
  readonly exports: (pod: Obj, port: number) => Exported | undefined;
  /** The same webhook, its calls counted. */
  readonly counted: (webhook: Webhook) => Webhook;
}

/** What Knative's own processes and queue-proxy show at their ports, as they were told to. */
export const createServingMetrics = (
  ground: Pick<Ground, "stage" | "logs" | "servedAt" | "admits" | "queues">,
  { requests, autoscaler }: Sources,
): ServingMetrics => {
  const { stage, queues } = ground;
  const { api } = stage;
  const told = new Map<string, Settings>();
  const webhook = createHistogram(SECONDS);
  const webhookMs = createHistogram(MILLISECONDS);

  const startOf = ({ metadata, status }: Obj): string =>
    `${metadata.uid}/${status?.containerStatuses?.[0]?.restartCount ?? 0}`;
  // Since 1.19 a process reads it when it starts, and never again.
  api.onChange(({ object }) => {
    if (object.kind !== "Pod" || object.metadata.namespace !== NAMESPACE || object.status?.phase !== "Running") return;
    const id = startOf(object);
    if (!told.has(id)) told.set(id, readConfig(api, "config-observability"));
  });

  const isShown = (pod: Obj): boolean => {
    if (!measuringOf(stage).isCensus) return told.get(startOf(pod))?.["metrics-protocol"] === "prometheus";
    return (readConfig(api, "config-observability")["metrics.backend-destination"] || "prometheus") === "prometheus";
  };

  const ofReconcilers = (): readonly Family[] => {
    const samples = (what: "depth" | "adds") =>
      queues().map((queue) => ({
        labels: measuringOf(stage).isCensus ? { reconciler: queue.name } : { name: queue.name },
        value: queue[what],
      }));
    return measuringOf(stage).isCensus
      ? [
          {
            name: "controller_work_queue_depth",
            type: "gauge",
            help: "Depth of the work queue",
            samples: samples("depth"),
          },
          {
            name: "controller_reconcile_count",
            type: "counter",
            help: "Number of reconcile operations",
            samples: samples("adds"),
          },
        ]
      : [
          {
            name: "kn_workqueue_depth",
            type: "gauge",
            help: "Number of current items in the queue",
            samples: samples("depth"),
          },
          {
            name: "kn_workqueue_adds_total",
            type: "counter",
            help: "Number of items added to the queue",
            samples: samples("adds"),
          },
        ];
  };

  const ofWebhook = (): readonly Family[] =>
    measuringOf(stage).isCensus
      ? [
          {
            name: "webhook_request_latencies",
            type: "histogram",
            help: "The response time in milliseconds",
            samples: webhookMs.samples(),
          },
          {
            name: "webhook_request_count",
            type: "counter",
            help: "The number of requests that are routed to webhook",
            samples: webhookMs
              .samples()
              .flatMap(({ suffix, labels, value }) =>
                suffix === "_count" ? [{ ...(labels ? { labels } : {}), value }] : [],
              ),
          },
        ]
      : [
          {
            name: "kn_webhook_handler_duration_seconds",
            type: "histogram",
            help: "The duration of task execution.",
            samples: webhook.samples(),
          },
        ];

  const peer = (): readonly Family[] =>
    measuringOf(stage).tellsPeer
      ? [
          {
            name: "kn_activator_stats_conn_reachable",
            type: "gauge",
            help: "Whether a peer is reachable from the activator (1 = reachable, 0 = not reachable)",
            samples: [{ labels: { peer: "autoscaler" }, value: isUp(api, NAMESPACE, "autoscaler") ? 1 : 0 }],
          },
        ]
      : [];

  const families: Readonly<Record<string, (pod: Obj) => readonly Family[]>> = {
    activator: (pod) => [...requests.ofActivator(pod), ...peer()],
    autoscaler: () => autoscalerFamilies(stage, autoscaler, measuringOf(stage)),
    controller: ofReconcilers,
    webhook: ofWebhook,
  };

  /** Who it is, said once for all. */
  const target = (labels: Readonly<Record<string, string>>): readonly Family[] =>
    measuringOf(stage).isCensus
      ? []
      : [{ name: "target_info", type: "gauge", help: "Target metadata", samples: [{ labels, value: 1 }] }];

  const processFamilies = (pod: Obj, name: string): readonly Family[] => [
    ...target({ service_name: name, service_instance_id: pod.metadata.name }),
    ...(families[name]?.(pod) ?? []),
  ];

  const ofProcess = (pod: Obj, name: string): Exported =>
    isShown(pod) ? { text: textOf(processFamilies(pod, name)) } : "refused";

  const queueFamilies = (pod: Obj): readonly Family[] => {
    const { name, namespace = "", labels = {} } = pod.metadata;
    const own = {
      k8s_container_name: QUEUE_PROXY,
      k8s_namespace_name: namespace,
      k8s_pod_name: name,
      kn_configuration_name: labels["serving.knative.dev/configuration"] ?? "",
      kn_revision_name: labels["serving.knative.dev/revision"] ?? "",
      kn_service_name: labels["serving.knative.dev/service"] ?? "",
      service_instance_id: name,
      service_name: labels["serving.knative.dev/service"] ?? "",
    };
    return [...target(own), ...requests.ofQueueProxy(pod)];
  };

  const ofQueueProxy = (pod: Obj): Exported => {
    const measuring = measuringOf(stage);
    const settings = variablesOf(pod);
    const protocol = measuring.isCensus
      ? settings["metrics.request-metrics-backend-destination"] || "prometheus"
      : settings["request-metrics-protocol"] || "none";
    const isLost = measuring.isPortless && settings["request-metrics-endpoint"] !== `:${REQUESTS_PORT}`;
    if (protocol !== "prometheus" || isLost) return "refused";
    return { text: textOf(queueFamilies(pod)) };
  };

  const processOf = (pod: Obj): string | undefined => {
    const [namespace, name] = (deploymentOf(pod) ?? "").split("/");
    return namespace === NAMESPACE ? name : undefined;
  };

  const sendingOf = (pod: Obj): Sending | undefined => {
    if (measuringOf(stage).isCensus) return undefined;
    const name = processOf(pod);
    if (name !== undefined) {
      const container = pod.spec.containers[0]?.name;
      return sentAs("", told.get(startOf(pod)), { container, families: () => processFamilies(pod, name) });
    }
    if (!hasQueue(pod)) return undefined;
    return sentAs("request-", variablesOf(pod), { container: QUEUE_PROXY, families: () => queueFamilies(pod) });
  };

  return {
    exports: (pod, port) => {
      const name = processOf(pod);
      if (name !== undefined && port === CONTROL_PORT) return ofProcess(pod, name);
      return hasQueue(pod) && port === REQUESTS_PORT ? ofQueueProxy(pod) : undefined;
    },
    reconciler: sending(ground, sendingOf),
    counted: (one) => ({
      ...one,
      answer: (path, review) => {
        const started = performance.now();
        const answer = one.answer(path, review);
        const milliseconds = performance.now() - started;
        const operation = String(review.operation).toLowerCase();
        webhook.record({ kn_webhook_operation_type: operation, kn_webhook_type: path.slice(1) }, milliseconds / 1000);
        webhookMs.record(
          { admission_allowed: String(answer.allowed), request_operation: review.operation },
          milliseconds,
        );
        return answer;
      },
    }),
  };
};

type Settings = Readonly<Record<string, string>>;

const hasQueue = (pod: Obj): boolean => (pod.spec.containers as Obj[]).some(({ name }) => name === QUEUE_PROXY);

/** Undefined: nothing is to be sent. */
const sentAs = (
  prefix: "" | "request-",
  settings: Settings = {},
  what: Pick<Sending, "container" | "families">,
): Sending | undefined => {
  const protocol = settings[`${prefix}metrics-protocol`];
  const endpoint = settings[`${prefix}metrics-endpoint`];
  if ((protocol !== "grpc" && protocol !== "http/protobuf") || !endpoint) return undefined;
  return { protocol, endpoint, interval: settings[`${prefix}metrics-export-interval`], ...what };
};

/** The settings that queue-proxy was started with. */
const variablesOf = (pod: Obj): Settings => {
  const queue = (pod.spec.containers as Obj[]).find(({ name }) => name === QUEUE_PROXY);
  const variable = (queue?.env as Obj[] | undefined)?.find(({ name }) => name === "OBSERVABILITY_CONFIG");
  return JSON.parse(variable?.value ?? "{}");
};
