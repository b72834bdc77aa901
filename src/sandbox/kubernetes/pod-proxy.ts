import type { Gateway } from "../front.ts";
import type { Api, ApiRequest, ApiResponse, Obj } from "../types.ts";
import { nodeSummary } from "./node-summary.ts";
import type { ServedAt } from "./port-forward.ts";
import { serviceBehind, throughGateway, unavailable } from "./through-server.ts";

/** Whether a request gets through to a port of a pod; `from`: the pod that sends it, undefined for somebody who is no pod. */
export type Admits = (from: Obj | undefined, to: Obj, port: number) => boolean;

const PATH = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/(?:http:)?([^/:]+):(\d+)\/proxy(?:\/|$)/;
/** Of Prometheus' exposition. */
const TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** What the server carries requests on to. */
export interface Carried {
  readonly admits: Admits;
  readonly gateways: readonly Gateway[];
  readonly answers: (pod: Obj, port: number, path: string) => string | undefined;
  readonly stored: (pod: Obj) => number | undefined;
  readonly servedAt: ServedAt;
  /** What shows what is measured. */
  readonly exports: (pod: Obj, port: number) => { readonly text: string } | "refused" | undefined;
}

/**
 * Answers the `proxy` subresource of pods and Services, in plain http: the API server is in no mesh. A gateway answers by the Host that the
 * client sent; what else listens answers 200 and nothing else; what does not, or hangs up, is told in a Status.
 */
export const podProxy = (
  api: Api,
  { admits, gateways, answers, exports, servedAt, stored }: Carried,
  request: ApiRequest,
): ApiResponse | Promise<ApiResponse> | undefined => {
  const summary = nodeSummary(api, stored, request);
  if (summary) return summary;
  const target = podIn(api, request) ?? serviceBehind(api, request);
  if (!target || "status" in target) return target;
  const { pod, port } = target;
  const gateway = gateways.find(({ runs }) => runs(pod));
  const ip = pod.status?.podIP;
  const exported = pod.status?.phase === "Running" ? exports(pod, port) : undefined;
  if (exported === "refused") return trouble(`dial tcp ${ip}:${port}: connect: connection refused`);
  const isOpen =
    exported !== undefined ||
    servedAt(pod, port) !== undefined ||
    gateway?.listensAt(port, pod) !== undefined ||
    listens(pod, port);
  if (!isOpen) return trouble(`dial tcp ${ip}:${port}: connect: connection refused`);
  if (!admits(undefined, pod, port))
    return trouble(`read tcp 10.0.0.1:40000->${ip}:${port}: read: connection reset by peer`);
  const at = servedAt(pod, port);
  if (at !== undefined) return fromLoopback(at, request);
  if (exported) return { status: 200, body: exported.text, headers: { "content-type": TEXT } };
  return gateway?.listensAt(port, pod) === "http"
    ? throughGateway(gateway, target, request)
    : { status: 200, body: answers(pod, port, `${request.path}?${new URLSearchParams(request.query)}`) ?? "ok\n" };
};

const podIn = (api: Api, { method, path }: ApiRequest): { readonly pod: Obj; readonly port: number } | undefined => {
  const [, namespace = "", name, digits] = PATH.exec(path) ?? [];
  const pod = method === "GET" && name ? api.get({ apiVersion: "v1", kind: "Pod", namespace, name }) : undefined;
  return pod && { pod, port: Number(digits) };
};

const fromLoopback = async (port: number, { path, query }: ApiRequest): Promise<ApiResponse> => {
  const rest = path.slice(path.indexOf("/proxy") + "/proxy".length) || "/";
  const asked = new URLSearchParams(query);
  try {
    const response = await fetch(`http://127.0.0.1:${port}${rest}${asked.size > 0 ? `?${asked}` : ""}`);
    const type = response.headers.get("content-type");
    return {
      status: response.status,
      body: await response.text(),
      ...(type ? { headers: { "content-type": type } } : {}),
    };
  } catch (error) {
    return trouble((error as Error).message);
  }
};

const trouble = (what: string): ApiResponse => unavailable(`error trying to reach service: ${what}`);

const listens = ({ spec, status }: Obj, port: number): boolean => {
  if (status?.phase !== "Running") return false;
  const containers: Obj[] = [...spec.containers, ...(spec.initContainers ?? [])];
  return containers.some(
    ({ ports = [], readinessProbe }) =>
      (ports as Obj[]).some(({ containerPort }) => containerPort === port) || readinessProbe?.httpGet?.port === port,
  );
};
