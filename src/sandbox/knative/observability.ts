/** What ConfigMap config-observability says of request logs (pkg/observability/config.go). */
export interface RequestLogs {
  /** Of each request, as a Go template; absent: none is written. */
  readonly template?: string;
}

/** Compiled in since Serving 1.21; before, the trace is that of the header X-B3-Traceid. */
const DEFAULT_TEMPLATE =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", "requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, "responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", "remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", "referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", "protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}';

/** By the data of the ConfigMap. */
export const requestLogsIn = (data: Readonly<Record<string, string>>): RequestLogs =>
  data["logging.enable-request-log"]?.toLowerCase() === "true"
    ? { template: data["logging.request-log-template"] ?? DEFAULT_TEMPLATE }
    : {};
