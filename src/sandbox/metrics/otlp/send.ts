import { once } from "node:events";
import { request } from "node:http";
import { connect, constants } from "node:http2";

/** Where a request goes: a port of loopback, in the name of a URL. */
export interface Target {
  readonly url: URL;
  readonly port: number;
}

const TIMEOUT_MS = 10_000;
const GRPC_PATH = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/** OTLP/HTTP in binary (OpenTelemetry protocol, "OTLP/HTTP Request"). Undefined: taken; else what the exporter of Go says. */
export const sendHttp = async ({ url, port }: Target, body: Buffer): Promise<string | undefined> => {
  const sent = request({
    host: "127.0.0.1",
    port,
    path: url.pathname,
    method: "POST",
    agent: false,
    timeout: TIMEOUT_MS,
    headers: { host: url.host, "content-type": "application/x-protobuf", "content-length": body.length },
  });
  sent.on("timeout", () => sent.destroy(new Error("context deadline exceeded")));
  sent.end(body);
  try {
    const [response] = await once(sent, "response");
    const answer = Buffer.concat(await response.toArray()).toString();
    const { statusCode, statusMessage } = response;
    if (statusCode >= 200 && statusCode < 300) return undefined;
    return `failed to send metrics to ${url.href}: ${statusCode} ${statusMessage} (body: ${answer.trim()})`;
  } catch (error) {
    return `Post "${url.href}": ${(error as Error).message}`;
  }
};

/** OTLP/gRPC: one unary call over HTTP/2 without TLS (gRPC over HTTP2, "Requests"). */
export const sendGrpc = async ({ url, port }: Target, body: Buffer): Promise<string | undefined> => {
  const session = connect(`http://127.0.0.1:${port}`);
  const unavailable = (why: string): string => `rpc error: code = Unavailable desc = ${why}`;
  try {
    await once(session, "connect");
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: GRPC_PATH,
      [constants.HTTP2_HEADER_AUTHORITY]: url.host,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.setTimeout(TIMEOUT_MS, () => stream.close(constants.NGHTTP2_CANCEL));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    stream.end(Buffer.concat([prefix, body]));
    // A server that has nothing to answer but its status sends it in the headers.
    const said = { status: "", message: "" };
    const note = (headers: NodeJS.Dict<string | string[]>): void => {
      if (headers["grpc-status"] === undefined) return;
      said.status = String(headers["grpc-status"]);
      said.message = String(headers["grpc-message"] ?? "");
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.resume();
    await once(stream, "close");
    return said.status === "0" ? undefined : unavailable(said.message || "unexpected answer");
  } catch (error) {
    return unavailable((error as Error).message);
  } finally {
    session.close();
  }
};
