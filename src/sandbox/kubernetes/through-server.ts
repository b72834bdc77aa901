import type { IncomingMessage, ServerResponse } from "node:http";
import type { Gateway } from "../front.ts";
import { isTrue } from "../objects.ts";
import type { Api, ApiRequest, ApiResponse, Obj } from "../types.ts";
import { podsBehind, targetPort } from "./endpoint-slices.ts";

const SERVICE = /^\/api\/v1\/namespaces\/([^/]+)\/services\/(?:http:)?([^/:]+):([^/:]+)\/proxy(?:\/|$)/;

/** What the `proxy` subresource of a Service leads to. The server asks one of its endpoints itself: neither its address nor kube-proxy. */
export const serviceBehind = (
  api: Api,
  { method, path }: ApiRequest,
): { readonly pod: Obj; readonly port: number } | ApiResponse | undefined => {
  const [, namespace, name, named] = SERVICE.exec(path) ?? [];
  if (method !== "GET" || !namespace || !name) return undefined;
  const service = api.get({ apiVersion: "v1", kind: "Service", namespace, name });
  if (!service) return undefined;
  const ports = (service.spec.ports ?? []) as Obj[];
  const port = ports.find((one) => one.name === named || String(one.port) === named);
  if (!port) return unavailable(`no service port "${named}" found for service "${name}"`);
  const pod = podsBehind(api, service).find((one) => isTrue(one, "Ready"));
  return pod ? { pod, port: targetPort(port, pod) } : unavailable(`no endpoints available for service "${name}"`);
};

/** As the API server says that it could not carry a request on. */
export const unavailable = (message: string): ApiResponse => ({
  status: 503,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: "ServiceUnavailable",
    code: 503,
  },
});

/** The answer of a gateway's pod to a request that the server carries on to it, with the Host that the client sent. */
export const throughGateway = (
  gateway: Gateway,
  listener: { readonly pod: Obj; readonly port: number },
  { method, path, headers = {} }: ApiRequest,
): Promise<ApiResponse> =>
  new Promise((resolve) => {
    const url = path.slice(path.indexOf("/proxy") + "/proxy".length) || "/";
    const request = {
      method,
      url,
      headers,
      socket: { remoteAddress: "10.0.0.1", remotePort: 40_000 },
      resume: () => {},
    };
    let status = 200;
    let sent: Record<string, string> = {};
    const response = {
      writeHead: (code: number, more: Record<string, string> = {}) => {
        status = code;
        sent = Object.fromEntries(Object.entries(more).filter(([name]) => name !== "content-length"));
      },
      end: (body = "") => resolve({ status, body: String(body), headers: sent }),
    };
    gateway.handle(request as unknown as IncomingMessage, response as unknown as ServerResponse, false, listener);
  });
