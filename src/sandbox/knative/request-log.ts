import type { Obj } from "../types.ts";
import { parseGoTemplate } from "./go-template.ts";
import type { Reply, Request } from "./request.ts";

/** Who serves it, as the process that writes the line knows it: the activator does not know the pod. */
export interface Served {
  readonly revision: Obj;
  readonly pod?: Obj;
  /** From the first byte to the last, in that process. */
  readonly milliseconds: number;
}

/** The line of a request log (pkg/http/request_log.go), its template executed. */
export const requestLine = (template: string, request: Request, reply: Reply, served: Served): string => {
  const { name, namespace, labels = {} } = served.revision.metadata;
  const latency = Number((served.milliseconds / 1000).toFixed(9));
  const header = (key: string): string => String(request.headers[key] ?? "");
  const data = {
    Request: {
      Method: request.method,
      RequestURI: request.uri,
      URL: request.uri,
      Host: request.host,
      Header: headersOf(request),
      ContentLength: Number(header("content-length")),
      UserAgent: header("user-agent"),
      RemoteAddr: request.remoteAddress,
      Referer: header("referer"),
      Proto: "HTTP/1.1",
    },
    Response: { Code: reply.status, Size: Buffer.byteLength(reply.body), Latency: latency },
    Revision: {
      Name: name,
      Namespace: namespace,
      Service: labels["serving.knative.dev/service"] ?? "",
      Configuration: labels["serving.knative.dev/configuration"] ?? "",
      PodName: served.pod?.metadata.name ?? "",
      PodIP: served.pod?.status.podIP ?? "",
    },
    TraceID: served.pod ? traceOf(request) : "",
  };
  try {
    return parseGoTemplate("requestLog", template.trim()).execute(data, "RequestLogTemplateInput");
  } catch {
    return `Invalid request log template: method: ${request.method}, response code: ${reply.status}, latency: ${latency}, url: ${request.uri}`;
  }
};

/** By their canonical names (net/http), each with its values. */
const headersOf = ({ headers }: Request): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase()),
      [value ?? []].flat(),
    ]),
  );

/** Of W3C Trace Context, or else B3 (ExtractTraceID). */
const traceOf = ({ headers }: Request): string =>
  /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(String(headers.traceparent ?? ""))?.[1] ?? String(headers["x-b3-traceid"] ?? "");
