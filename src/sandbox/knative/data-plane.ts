import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Admits } from "../kubernetes/pod-proxy.ts";
import { deploymentOf, type Logs } from "../kubernetes/processes.ts";
import { isPodReady, isTrue, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { parseGoTemplate } from "./go-template.ts";
import { NAMESPACE, SERVING } from "./names.ts";
import { readConfig } from "./settings.ts";

export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly uri: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
  /** The pod that sends it; absent: somebody who is no pod. */
  readonly from?: Obj;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Carries a request to a Revision: through the activator, which waits for a pod, to the user's container. */
export type DataPlane = (namespace: string, revision: string, request: Request) => Promise<Reply>;

const DEFAULT_REQUEST_LOG =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", "requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, "responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", "remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", "referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", "protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}';

const ACTIVATOR = `${NAMESPACE}/activator`;
/** Of the activator, and of queue-proxy. */
const HTTP1 = 8012;

/** @param onUse told which pod has answered */
export const createDataPlane = (
  stage: Stage,
  autoscaler: Autoscaler,
  { logs, admits }: { readonly logs: Logs; readonly admits: Admits },
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

  const writeRequestLog = (pod: Obj, request: Request, reply: Reply, startedAt: number): void => {
    const config = readConfig(api, "config-observability");
    if (config["logging.enable-request-log"]?.toLowerCase() !== "true") return;
    const header = (name: string): string => String(request.headers[name] ?? "");
    const labels = pod.metadata.labels ?? {};
    const data = {
      Request: {
        Method: request.method,
        RequestURI: request.uri,
        Host: request.host,
        ContentLength: Number(header("content-length")),
        UserAgent: header("user-agent"),
        RemoteAddr: request.remoteAddress,
        Referer: header("referer"),
        Proto: "HTTP/1.1",
      },
      Response: {
        Code: reply.status,
        Size: Buffer.byteLength(reply.body),
        Latency: (performance.now() - startedAt) / 1000,
      },
      Revision: {
        Name: labels["serving.knative.dev/revision"],
        Namespace: pod.metadata.namespace,
        Service: labels["serving.knative.dev/service"],
        Configuration: labels["serving.knative.dev/configuration"],
        PodName: pod.metadata.name,
        PodIP: pod.status.podIP,
      },
      TraceID: header("x-b3-traceid"),
    };
    const template = config["logging.request-log-template"] ?? DEFAULT_REQUEST_LOG;
    logs.write(
      pod,
      "queue-proxy",
      parseGoTemplate("requestLog", template.trim()).execute(data, "RequestLogTemplateInput"),
    );
  };

  return async (namespace, revision, request) => {
    const startedAt = performance.now();
    if (readyEndpoints(api, namespace, revision).length === 0) return { status: 503, body: "no healthy upstream" };
    const first = activator();
    if (first && !admits(request.from, first, HTTP1))
      return { status: 503, body: "upstream connect error or disconnect/reset before headers" };
    const done = autoscaler.request(namespace, revision);
    try {
      const limit: number =
        api.get({ apiVersion: SERVING, kind: "Revision", namespace, name: revision })?.spec.timeoutSeconds ?? 300;
      const pod = podOf(namespace, revision) ?? (await waitForPod(namespace, revision, limit * second));
      if (!pod) return { status: 504, body: "activator request timeout\n" };
      onUse(pod);
      const reply = answer(pod, revision);
      writeRequestLog(pod, request, reply, startedAt);
      return reply;
    } finally {
      done();
    }
  };
};

/** The user's container: Knative's hello-world sample as it really answers, anything else tells which Revision it is. */
const answer = (pod: Obj, revision: string): Reply => {
  const container = (pod.spec.containers as Obj[]).find(({ name }) => name !== "queue-proxy");
  if (!container?.image.includes("helloworld-go")) return { status: 200, body: `${revision}\n` };
  const target = (container.env as Obj[] | undefined)?.find(({ name }) => name === "TARGET")?.value ?? "World";
  return { status: 200, body: `Hello ${target}!\n` };
};
