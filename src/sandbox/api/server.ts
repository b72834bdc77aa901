/** The HTTPS front of the API on loopback. A request that cannot be answered at all loses its connection. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { headersOf, readBody } from "../incoming.ts";
import { type ApiRequest, StatusError } from "../types.ts";
import type { Serving } from "./certificate.ts";
import type { Reply } from "./handler.ts";
import { decodeProtobuf, PROTOBUF } from "./protobuf/decode.ts";
import { bodyOf, refuse } from "./status.ts";
import { channelsOn, switching } from "./websocket.ts";

/** What the API server reads at most of a body. */
const BODY_LIMIT = 3 * 1024 * 1024;

export interface Listening {
  readonly port: number;
  /** Ends every connection and takes no new one until `up`. */
  readonly down: () => void;
  readonly up: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `clock`: for the Date header. `lag`: milliseconds by which watches are late. */
export async function listen(
  serving: Serving,
  port: number,
  clock: () => Date,
  lag: () => number,
  answer: (request: ApiRequest) => Promise<Reply>,
): Promise<Listening> {
  const server = createServer(
    { cert: serving.certificate, key: serving.key, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      outgoing.setHeader("date", clock().toUTCString());
      serve(incoming, outgoing, lag, answer).catch(() => incoming.socket.destroy());
    },
  );
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(incoming, socket, head, answer).catch(() => socket.destroy());
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const open = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await open(port);
  const { port: own } = server.address() as AddressInfo;
  return {
    port: own,
    down: () => void down(),
    up: async () => {
      if (!server.listening) await open(own);
    },
    close: down,
  };
}

/** Calls functions one after the other, each as late as it is at that time. */
function inOrder(lag: () => number): (work: () => void) => void {
  const queue: (() => void)[] = [];
  return (work) => {
    const delay = lag();
    if (queue.length === 0 && delay === 0) return work();
    queue.push(work);
    setTimeout(() => queue.shift()?.(), delay);
  };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  lag: () => number,
  answer: (request: ApiRequest) => Promise<Reply>,
): Promise<void> {
  const url = new URL(incoming.url ?? "/", "https://loopback");
  const body = await readBody(incoming, BODY_LIMIT).catch(() => undefined);
  if (body === undefined) {
    const error = refuse(413, "RequestEntityTooLarge", `Request entity too large: limit is ${BODY_LIMIT}`);
    return refuseWith(outgoing.setHeader("connection", "close"), error);
  }
  const request = {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: headersOf(incoming),
  };
  let whole: ApiRequest;
  try {
    whole = withBody(request, body);
  } catch (error) {
    if (error instanceof StatusError) return refuseWith(outgoing, error);
    throw error;
  }
  const reply = await answer(whole);
  if (outgoing.destroyed) return;
  outgoing.setHeader("content-type", reply.contentType);
  outgoing.setHeader("cache-control", "no-cache, private");
  for (const [name, value] of Object.entries(reply.headers ?? {})) outgoing.setHeader(name, value);
  if (reply.warnings.length > 0)
    outgoing.setHeader(
      "warning",
      reply.warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
    );
  outgoing.statusCode = reply.status;
  if (!reply.stream) {
    outgoing.end(incoming.method === "HEAD" ? undefined : reply.body);
    return;
  }
  outgoing.flushHeaders();
  if (reply.body.length > 0) outgoing.write(reply.body);
  const tell = inOrder(lag);
  const stop = reply.stream(
    (line) => tell(() => void (outgoing.destroyed || outgoing.write(line))),
    () => tell(() => void outgoing.end()),
  );
  outgoing.once("close", stop);
}

function refuseWith(outgoing: ServerResponse, error: StatusError): void {
  outgoing.writeHead(error.status.code, { "content-type": "application/json" }).end(JSON.stringify(bodyOf(error)));
}

/** Whatever form it came in, it goes on as text. */
function withBody(request: ApiRequest, body: Buffer): ApiRequest {
  if (body.length === 0) return request;
  const { headers } = request;
  if (headers?.["content-type"]?.split(";")[0] !== PROTOBUF) return { ...request, body: body.toString() };
  const decoded = decodeProtobuf(body);
  return { ...request, headers: { ...headers, "content-type": "application/json" }, body: decoded };
}

/** A connection that is to become another protocol's: it does, or gets an answer and ends. */
async function upgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  answer: (request: ApiRequest) => Promise<Reply>,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  const url = new URL(incoming.url ?? "/", "https://loopback");
  const headers = headersOf(incoming);
  const query = Object.fromEntries(url.searchParams);
  const reply = await answer({ method: incoming.method ?? "GET", path: url.pathname, query, headers });
  if (reply.upgrade) {
    socket.write(switching(headers["sec-websocket-key"] ?? "", reply.upgrade.protocol));
    reply.upgrade.begin(channelsOn(socket, head));
    return;
  }
  const body = Buffer.from(reply.body);
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}`, `Content-Type: ${reply.contentType}`];
  socket.end(
    Buffer.concat([
      Buffer.from(`${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`),
      body,
    ]),
  );
}
