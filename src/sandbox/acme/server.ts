/** The https front on loopback: hooks and faults around each request. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { readBody } from "../incoming.ts";
import type { WireRequest } from "./authenticate.ts";
import type { Reply } from "./call.ts";
import { fromBase64url, isRecord, parseJson } from "./jws.ts";
import type { Office } from "./office.ts";
import type { AcmeFaults, AcmeRequest } from "./options.ts";
import { Problem } from "./problem.ts";
import { answer } from "./routes.ts";

const BODY_LIMIT = 256 * 1024;

export interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Rejects when the port is taken. */
export const listen = async (
  tls: { readonly certificate: string; readonly key: string },
  port: number,
  serve: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
): Promise<Listening> => {
  const server = createServer({ cert: tls.certificate, key: tls.key }, (incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** Counts what the faults need to count; `set` begins anew. */
export interface FaultLine {
  readonly current: () => AcmeFaults;
  readonly set: (faults: AcmeFaults) => void;
  /** An answer that is given instead, and on which side the connection breaks. */
  readonly meet: (request: AcmeRequest) => { readonly reply?: Reply; readonly drop?: "before" | "after" };
}

export const createFaultLine = (first: AcmeFaults): FaultLine => {
  let faults = first;
  let refused = 0;
  let counted = 0;
  return {
    current: () => faults,
    set: (next) => {
      faults = next;
      refused = 0;
      counted = 0;
    },
    meet: (request) => {
      const { writes } = request;
      const { drop, unavailable } = faults;
      if (drop && (writes || !drop.onlyWrites)) counted += 1;
      const drops = drop && counted === drop.nth && (writes || !drop.onlyWrites);
      const isBusy = refused < (unavailable?.requests ?? Number.POSITIVE_INFINITY);
      if (unavailable && isBusy && (unavailable.isFelt?.(request) ?? true)) {
        refused += 1;
        return { reply: busy(unavailable) };
      }
      return drops ? { drop: drop.when } : {};
    },
  };
};

const busy = ({ status, retryAfterSeconds }: NonNullable<AcmeFaults["unavailable"]>): Reply => {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return status === 503
    ? problemReply(new Problem("rateLimited", "Service busy; retry later.", { status, headers }))
    : { status, headers: { ...headers, "content-type": "text/html" }, body: `<html><body>${status}</body></html>\n` };
};

const problemReply = ({ document, headers }: Problem): Reply => ({
  status: document.status,
  headers: { "content-type": "application/problem+json", ...headers },
  body: document,
});

/** Rejects to lose the connection. */
export const serveRequests = (office: Office, line: FaultLine) => {
  let requests = 0;
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = String(await readBody(incoming, BODY_LIMIT));
    const wire: WireRequest = {
      method: incoming.method ?? "GET",
      path: incoming.url ?? "/",
      headers: incoming.headers,
      body,
    };
    requests += 1;
    const request = describe(wire, requests);
    const met = line.meet(request);
    const instead = met.reply ?? (await office.options.onRequest?.(request));
    if (met.drop === "before") throw new Error("dropped before it was handled");
    const { slowMs } = office.faults();
    if (slowMs) await new Promise((resolve) => setTimeout(resolve, slowMs));
    const honest = instead ?? (await answer(office, wire).catch(asReply));
    const reply = (await office.options.onAnswer?.(request, honest)) ?? honest;
    if (met.drop === "after") throw new Error("dropped after it was handled");
    send(office, wire, reply, outgoing);
  };
};

const asReply = (error: unknown): Reply => {
  if (error instanceof Problem) return problemReply(error);
  // A bug of the rehearsal, which the client sees as one of the server.
  return problemReply(new Problem("serverInternal", String(error instanceof Error ? error.stack : error)));
};

const describe = ({ method, path, body }: WireRequest, nth: number): AcmeRequest => {
  if (method !== "POST") return { nth, method, path, writes: false };
  const jws = parseJson(body);
  const text = fromBase64url(isRecord(jws) ? jws.payload : undefined)?.toString("utf8") ?? "";
  const payload = text === "" ? "" : parseJson(text);
  const searches = isRecord(payload) && payload.onlyReturnExisting === true;
  return { nth, method, path, payload, writes: text !== "" && !searches };
};

const send = (office: Office, { method, path }: WireRequest, reply: Reply, outgoing: ServerResponse): void => {
  const { status, headers = {}, body } = reply;
  const index = path === "/directory" ? [] : [`<${office.base}/directory>;rel="index"`];
  const links = [...index, ...(headers.link === undefined ? [] : [headers.link])];
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  outgoing.writeHead(status, {
    "cache-control": "public, max-age=0, no-cache",
    "content-type": "application/json",
    date: office.now().toUTCString(),
    ...headers,
    ...(links.length ? { link: links } : {}),
    ...(method === "POST" || path === "/new-nonce" ? { "replay-nonce": office.nonces.issue() } : {}),
  });
  outgoing.end(method === "HEAD" || status === 204 ? undefined : text);
};
