import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Logs } from "../kubernetes/logs/files.ts";
import type { Admits } from "../kubernetes/pod-proxy.ts";
import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import { isPodReady, isTrue, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import { appOf } from "./apps.ts";
import type { Autoscaler } from "./autoscaler.ts";
import type { RequestMetrics } from "./metrics/requests.ts";
import { NAMESPACE, SERVING } from "./names.ts";
import { requestLogsIn } from "./observability.ts";
import type { Reply, Request } from "./request.ts";
import { requestLine } from "./request-log.ts";
import { readConfig } from "./settings.ts";

/** Carries a request to a Revision: through the activator, which waits for a pod, to the user's container. */
export type DataPlane = (namespace: string, revision: string, request: Request) => Promise<Reply>;

const ACTIVATOR = `${NAMESPACE}/activator`;
/** Of the activator, and of queue-proxy. */
const HTTP1 = 8012;

/** @param onUse told which pod has answered */
export const createDataPlane = (
  stage: Stage,
  autoscaler: Autoscaler,
  { logs, admits, requests }: { readonly logs: Logs; readonly admits: Admits; readonly requests: RequestMetrics },
  onUse: (pod: Obj) => void,
): DataPlane => {
  const { api, second } = stage;

  const activator = (): Obj | undefined =>
    api.list("v1", "Pod", NAMESPACE).find((pod) => deploymentOf(pod) === ACTIVATOR && isTrue(pod, "Ready"));

  /**
   * A ready pod that lets the activator in, which asks each before it sends; where there is none, one that drains and still serves.
   */
  const podOf = (namespace: string, revision: string): Obj | undefined => {
    const from = activator();
    const serving = api
      .list("v1", "Pod", namespace)
      .filter(
        (pod) =>
          pod.metadata.labels?.["serving.knative.dev/revision"] === revision &&
          isTrue(pod, "Ready") &&
          admits(from, pod, HTTP1),
      );
    return serving.find(isPodReady) ?? serving[0];
  };

  const waitForPod = (namespace: string, revision: string, milliseconds: number): Promise<Obj | undefined> =>
    new Promise((resolve) => {
      const finish = (pod: Obj | undefined): void => {
        clearTimeout(timer);
        unsubscribe();
        resolve(pod);
      };
      const timer = setTimeout(() => finish(undefined), milliseconds).unref();
      const unsubscribe = api.onChange(({ object }) => {
        const pod = object.kind === "Pod" ? podOf(namespace, revision) : undefined;
        if (pod) finish(pod);
      });
    });

  const inUsersPod = async (pod: Obj, revision: Obj, request: Request): Promise<Reply> => {
    const startedAt = performance.now();
    const served = requests.inPod(pod, revision, request);
    const container = userContainer(pod);
    const app = appOf(container, revision.metadata.name);
    for (const { stream, text } of app.serves?.(request) ?? []) logs.write(pod, container.name, text, stream);
    const reply = await app.answer(request, container);
    served(reply.status);
    const { template } = requestLogsIn(settingsOf(pod));
    const how = { revision, pod, milliseconds: performance.now() - startedAt };
    if (template) logs.write(pod, QUEUE_PROXY, requestLine(template, request, reply, how));
    return reply;
  };

  return async (namespace, name, request) => {
    const startedAt = performance.now();
    const revision = api.get({ apiVersion: SERVING, kind: "Revision", namespace, name });
    if (!revision || readyEndpoints(api, namespace, name).length === 0)
      return { status: 503, body: "no healthy upstream" };
    const first = activator();
    if (first && !admits(request.from, first, HTTP1))
      return { status: 503, body: "upstream connect error or disconnect/reset before headers" };
    const done = autoscaler.request(namespace, name);
    const passing = first && requests.inActivator(first, revision, request);
    const viaActivator = async (): Promise<Reply> => {
      const limit: number = revision.spec.timeoutSeconds ?? 300;
      const pod = podOf(namespace, name) ?? (await waitForPod(namespace, name, limit * second));
      if (!pod) return { status: 504, body: "activator request timeout\n" };
      onUse(pod);
      passing?.sentOn();
      return await inUsersPod(pod, revision, request);
    };
    try {
      const reply = await viaActivator();
      passing?.done(reply.status);
      const { template } = requestLogsIn(readConfig(api, "config-observability"));
      const served = { revision, milliseconds: performance.now() - startedAt };
      if (first && template) logs.write(first, "activator", requestLine(template, request, reply, served));
      return reply;
    } finally {
      done();
    }
  };
};

/** A pod that queue-proxy is in, and what it says when it starts. */
export const userProgram = (logs: Logs): Program => ({
  deployment: hasQueueProxy,
  start: (pod) => {
    const container = userContainer(pod);
    const { starts } = appOf(container, "");
    const port = (container.env as Obj[] | undefined)?.find(({ name }) => name === "PORT")?.value ?? "8080";
    for (const { stream, text } of starts?.(port) ?? []) logs.write(pod, container.name, text, stream);
    for (const message of ["Starting queue-proxy", "Starting http server main:8012", "Starting http server admin:8022"])
      logs.write(pod, QUEUE_PROXY, queueLine(pod, message));
    return undefined;
  },
});

export const hasQueueProxy = (pod: Obj): boolean =>
  (pod.spec.containers as Obj[]).some(({ name }) => name === QUEUE_PROXY);

export const QUEUE_PROXY = "queue-proxy";

const queueLine = (pod: Obj, message: string): string => {
  const { namespace, name, labels } = pod.metadata;
  return JSON.stringify({
    severity: "INFO",
    timestamp: new Date().toISOString(),
    logger: "queueproxy",
    caller: "sharedmain/main.go:308",
    message,
    "knative.dev/key": `${namespace}/${labels?.["serving.knative.dev/revision"]}`,
    "knative.dev/pod": name,
  });
};

/** The settings that queue-proxy was started with. */
const settingsOf = (pod: Obj): Record<string, string> => {
  const queue = (pod.spec.containers as Obj[]).find(({ name }) => name === QUEUE_PROXY);
  const variable = (queue?.env as Obj[] | undefined)?.find(({ name }) => name === "OBSERVABILITY_CONFIG");
  return JSON.parse(variable?.value ?? "{}");
};

const userContainer = (pod: Obj): Obj =>
  (pod.spec.containers as Obj[]).find(({ name }) => name !== QUEUE_PROXY) ?? pod.spec.containers[0];
