import type { Drain } from "../kubernetes/ending.ts";
import type { Program } from "../kubernetes/processes.ts";
import { isTrue, type Stage } from "../objects.ts";
import type { Ground, Part, Playing } from "../part.ts";
import type { Obj } from "../types.ts";
import { servingWebhook } from "./admission.ts";
import { createAutoscaler } from "./autoscaler.ts";
import { type KnativeCertificates, knativeCertificates } from "./certificates.ts";
import { configurations } from "./configurations.ts";
import { createDataPlane, hasQueueProxy, QUEUE_PROXY, userProgram } from "./data-plane.ts";
import { servingElections } from "./elections.ts";
import { createServingMetrics } from "./metrics/index.ts";
import { createRequestMetrics } from "./metrics/requests.ts";
import { NAMESPACE } from "./names.ts";
import { fatal, versionRefusal } from "./process.ts";
import { revisions } from "./revisions.ts";
import { routes } from "./routes.ts";
import { serverlessServices } from "./serverless-services.ts";
import { services } from "./services.ts";
import { servingCore, servingCrds } from "./stand-ins/index.ts";
import { storageMigration } from "./storage-migration.ts";
import { telling } from "./telling.ts";
import { SERVING_WEBHOOK, webhookProgram, webhookReconciler } from "./webhook.ts";

/** Knative Serving: its processes, its controllers and the path of a request. */
export const serving: Part = {
  name: "serving",
  standIns: { "serving/serving-crds.yaml": servingCrds, "serving/serving-core.yaml": servingCore },
  play: (ground) => play(ground),
};

const SERVING = "serving.knative.dev/v1";

const play = (ground: Ground): Playing => {
  const { stage, logs, pull, admits } = ground;
  const autoscaler = createAutoscaler(stage);
  const requests = createRequestMetrics(stage);
  const metrics = createServingMetrics(ground, { requests, autoscaler });
  const certificates = knativeCertificates(stage);
  const lastUse = new Map<string, number>();
  return {
    programs: [...servingPrograms(stage, certificates), userProgram(logs)],
    webhooks: [metrics.counted(servingWebhook(stage))],
    exports: metrics.exports,
    reconcilers: [
      webhookReconciler(stage, SERVING_WEBHOOK),
      telling(stage, SERVING, "Service", services(stage)),
      telling(stage, SERVING, "Configuration", configurations(stage)),
      telling(stage, SERVING, "Revision", revisions(stage, pull)),
      telling(stage, SERVING, "Route", routes(stage)),
      telling(stage, "networking.internal.knative.dev/v1alpha1", "ServerlessService", serverlessServices(stage)),
      autoscaler.reconciler,
      metrics.reconciler,
      storageMigration(stage),
      ...certificates.reconcilers,
    ],
    elections: servingElections(stage, certificates.isOn),
    dataPlane: createDataPlane(stage, autoscaler, { logs, admits, requests }, ({ metadata: { uid = "" } }) => {
      lastUse.set(uid, performance.now());
    }),
    drainOf: (pod) => queueProxyDrain(pod, lastUse.get(pod.metadata.uid ?? "")),
  };
};

/**
 * queue-proxy ends 30 s after the signal or the last request (pkg/queue/sharedmain), its probe fails after three tries, and the
 * user's container waits for it in its preStop hook. The sample does not catch the signal that comes then.
 */
const queueProxyDrain = (pod: Obj, lastUse: number | undefined): Drain | undefined =>
  hasQueueProxy(pod)
    ? { seconds: 30, unreadyAfter: 22, lastUse, exitCode: ({ name }) => (name === QUEUE_PROXY ? 0 : 2) }
    : undefined;

/** The CRDs that the informers of Serving's processes wait for before the process is ready. */
const CRDS = [
  "services.serving.knative.dev",
  "routes.serving.knative.dev",
  "configurations.serving.knative.dev",
  "revisions.serving.knative.dev",
  "ingresses.networking.internal.knative.dev",
  "podautoscalers.autoscaling.internal.knative.dev",
];

const servingPrograms = (stage: Stage, certificates: KnativeCertificates): Program[] => {
  const { api } = stage;
  const lacksCrd = (): string | undefined =>
    CRDS.find((name) => {
      const crd = api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name });
      return !isTrue(crd, "Established");
    });
  const start = (pod: Obj): string | undefined => {
    const tooOld = versionRefusal(stage, pod);
    if (tooOld) return tooOld;
    const missing = lacksCrd();
    return (
      missing && fatal("failed to start informers", `the server could not find the requested resource (${missing})`)
    );
  };
  return [
    webhookProgram(stage, SERVING_WEBHOOK),
    { deployment: `${NAMESPACE}/controller`, start: (pod) => start(pod) ?? certificates.start() },
    { deployment: `${NAMESPACE}/autoscaler`, start },
    // It sleeps for network.DefaultDrainTimeout; its probe fails every five seconds, five times.
    { deployment: `${NAMESPACE}/activator`, start, drain: { seconds: 45, unreadyAfter: 25 } },
  ];
};
