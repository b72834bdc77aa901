import type { Api, ApiRequest, ApiResponse, Obj } from "../types.ts";

/** Whether a request gets through to a port of a pod; `from`: the pod that sends it, undefined for somebody who is no pod. */
export type Admits = (from: Obj | undefined, to: Obj, port: number) => boolean;

const PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/(?:http:)?([^/:]+):(\d+)\/proxy(?:\/|$)/;
/**
 * Answers the `proxy` subresource of pods, in plain http: the API server is in no mesh. What listens answers 200 and nothing else; what
 * does not, or hangs up, is told in a Status.
 */
export const podProxy = (api: Api, admits: Admits, { method, path }: ApiRequest): ApiResponse | undefined => {
  const [, namespace, name, digits] = PATH.exec(path) ?? [];
  if (method !== "GET" || !namespace || !name) return undefined;
  const pod = api.get({ apiVersion: "v1", kind: "Pod", namespace, name });
  if (!pod) return undefined;
  const port = Number(digits);
  const ip = pod.status?.podIP;
  const trouble = !listens(pod, port)
    ? `dial tcp ${ip}:${port}: connect: connection refused`
    : admits(undefined, pod, port)
      ? undefined
      : `read tcp 10.0.0.1:40000->${ip}:${port}: read: connection reset by peer`;
  if (trouble === undefined) return { status: 200, body: "ok\n" };
  const message = `error trying to reach service: ${trouble}`;
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "ServiceUnavailable",
    code: 503,
  };
  return { status: 503, body };
};

const listens = ({ spec, status }: Obj, port: number): boolean => {
  if (status?.phase !== "Running") return false;
  const containers: Obj[] = [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.some(
    ({ ports = [], readinessProbe }) =>
      (ports as Obj[]).some(({ containerPort }) => containerPort === port) || readinessProbe?.httpGet?.port === port,
  );
};
