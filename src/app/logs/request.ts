import { at, type KubeObject } from "../../ports/object.ts";
import type { LogLine } from "./line.ts";

/** A request to a Knative Service, as queue-proxy logged it when it was answered. */
export interface LoggedRequest {
  /** When it was answered: RFC 3339 in UTC, with nanoseconds. */
  readonly time: string;
  readonly namespace: string;
  readonly service: string;
  readonly revision: string;
  readonly pod: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** From the first byte to the last, in the pod: without the time in which it waited for one. */
  readonly seconds: number;
  readonly protocol?: string;
  readonly userAgent?: string;
  readonly referer?: string;
  /** Who sent it to the pod: `10.244.0.7:40000`. */
  readonly remote?: string;
  /** Bytes; absent: not said beforehand. */
  readonly requestBytes?: number;
  readonly responseBytes?: number;
  /** Absent: it was not traced. */
  readonly traceId?: string;
}

/** Labels of a pod. */
export const SERVICE = "serving.knative.dev/service";
const REVISION = "serving.knative.dev/revision";

/** How each line of the compiled-in template begins (serving pkg/observability/config.go, DefaultRequestLogTemplate). */
const BEGINNING = /^\{\s*"httpRequest"/;

/** The request that a line of queue-proxy is about; undefined: it is about something else, or its template is another one. */
export const requestOf = ({ time, text }: LogLine, { metadata }: KubeObject): LoggedRequest | undefined => {
  const line = BEGINNING.test(text) ? parsed(text) : undefined;
  const word = (name: string): string => String(at(line, "httpRequest", name) ?? "");
  const number = (name: string): number => Number.parseFloat(word(name));
  const [status, seconds] = [number("status"), number("latency")];
  if (Number.isNaN(status) || Number.isNaN(seconds)) return undefined;
  const { namespace = "", name, labels = {} } = metadata;
  const texts = { protocol: word("protocol"), userAgent: word("userAgent"), referer: word("referer") };
  const more = { ...texts, remote: word("remoteIp"), traceId: traceIn(String(at(line, "traceId") ?? "")) };
  const sizes = { requestBytes: number("requestSize"), responseBytes: number("responseSize") };
  return {
    time,
    namespace,
    service: labels[SERVICE] ?? "",
    revision: labels[REVISION] ?? "",
    pod: name,
    method: word("requestMethod"),
    path: word("requestUrl"),
    status,
    seconds,
    ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== "")),
    ...Object.fromEntries(Object.entries(sizes).filter(([, value]) => value >= 0)),
  };
};

/** Before Serving 1.21 it is the header, which Go writes as a list: `[4bf92f…]`, `[]`. */
const traceIn = (text: string): string => text.replace(/^\[(.*)\]$/, "$1");

/** Go's `js` writes an apostrophe as `\'`, which is no JSON (text/template JSEscape). */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/\\(.)/gs, (pair, character) => (character === "'" ? "'" : pair)));
  } catch {
    return undefined;
  }
};
