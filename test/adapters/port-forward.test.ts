import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeAll, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { createAuthority, type KeyPair, status, targetOf } from "./loopback.ts";

/** An API server of which each test says how it answers; the frames are those of RFC 6455, written by hand. */
const authority = await createAuthority();
let serving: KeyPair;
let own: KeyPair;
beforeAll(async () => {
  [serving, own] = await Promise.all([authority.issue(["api.test"]), authority.issue(["jane"])]);
});
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const listen = async (server: net.Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

interface Upgraded {
  readonly request: http.IncomingMessage;
  readonly socket: net.Socket;
  /** The whole of a frame: not masked, shorter than 126 bytes. */
  readonly frame: (first: number, ...payload: (number | string)[]) => void;
}

const BINARY = 0x82;

const start = async (answer: (upgraded: Upgraded) => void, accept = (key: string) => key) => {
  const server = https.createServer({ ...serving, ca: authority.ca, requestCert: true, rejectUnauthorized: false });
  const sockets = new Set<net.Socket>();
  server.on("upgrade", (request: http.IncomingMessage, socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept(createHash("sha1").update(key).digest("base64"))}`,
      `Sec-WebSocket-Protocol: ${request.headers["sec-websocket-protocol"]}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    const frame: Upgraded["frame"] = (first, ...payload) => {
      const bytes = Buffer.concat(
        payload.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))),
      );
      socket.write(Buffer.concat([Buffer.from([first, bytes.length]), bytes]));
    };
    answer({ request, socket, frame });
  });
  const port = await listen(server);
  const proxy = http.createServer();
  proxy.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    const upstream = net.connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) end.on("error", () => {});
    sockets.add(socket);
  });
  const target = targetOf(`https://api.test:${port}/clusters/one`, {
    proxy: `http://127.0.0.1:${await listen(proxy)}`,
    tls: { ca: authority.ca, insecure: false },
    login: { certificate: { text: own.cert }, key: { text: own.key }, token: "geheim" },
  });
  const cluster = openCluster(target, { patience: { firstContactMs: 0, midRunMs: 0 } });
  cleanUp.push(cluster.close, () => {
    for (const socket of sockets) socket.destroy();
  });
  return { cluster, server };
};

const POD = { namespace: "default", pod: "web-1", port: 8080 };
const PORT = [0x90, 0x1f] as const;
const ready = ({ frame }: Upgraded): void => {
  frame(BINARY, 0, ...PORT);
  frame(BINARY, 1, ...PORT);
};

test("a port is reached through the proxy, the prefix and with the certificate that the kubeconfig has, each connection by its own WebSocket", async () => {
  const seen: unknown[] = [];
  const { cluster } = await start((upgraded) => {
    const { request, socket, frame } = upgraded;
    const { subject } = (socket as TLSSocket).getPeerCertificate();
    seen.push([request.url, request.headers.authorization, request.headers["sec-websocket-protocol"], subject?.CN]);
    ready(upgraded);
    let heard = "";
    socket.on("data", (bytes: Buffer) => {
      const mask = bytes.subarray(2, 6);
      const payload = bytes.subarray(6).map((byte, index) => byte ^ (mask[index & 3] ?? 0));
      if ((bytes[0] ?? 0) !== BINARY) return;
      heard += Buffer.from(payload.subarray(1)).toString();
      // In pieces, with a ping between them, as it is allowed.
      frame(0x02, 0, "you ");
      frame(0x89, "still there?");
      frame(0x80, `said ${heard}`);
      frame(0x88, 0x03, 0xe8);
    });
  });
  const { port, close } = await cluster.forward(
    async () => POD,
    () => {},
  );
  const ask = async (text: string): Promise<string> => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write(text);
    return (await buffer(socket)).toString();
  };
  expect(await Promise.all([ask("hello"), ask("again")])).toEqual(["you said hello", "you said again"]);
  const path = "/clusters/one/api/v1/namespaces/default/pods/web-1/portforward?ports=8080";
  // The first is the trial.
  expect(seen).toEqual(Array(3).fill([path, "Bearer geheim", "v4.channel.k8s.io", "jane"]));
  close();
  await expect(ask("gone")).rejects.toThrow(/ECONNREFUSED/);
});

test.each<[string, (upgraded: Upgraded) => void, RegExp]>([
  [
    "what the node says is wrong",
    (upgraded) => {
      ready(upgraded);
      upgraded.frame(BINARY, 1, "error forwarding port 8080: connection refused");
      upgraded.frame(0x88, 0x03, 0xe8);
    },
    /port 8080 of pod default\/web-1 does not answer: error forwarding port 8080: connection refused/,
  ],
  [
    "a frame that cannot be",
    ({ socket }) => void socket.write(Buffer.from([BINARY, 0x81, 1, 2, 3, 4, 5])),
    /a frame that cannot be/,
  ],
  [
    "one that is too large",
    ({ socket }) => void socket.write(Buffer.from([BINARY, 127, 0, 0, 0, 1, 0, 0, 0, 0])),
    /larger than 1 MiB/,
  ],
  ["a connection that breaks", ({ socket }) => void socket.destroy(), /broke off|ECONNRESET/],
])("%s ends the trial", async (_what, answer, message) => {
  const { cluster } = await start(answer);
  await expect(
    cluster.forward(
      async () => POD,
      () => {},
    ),
  ).rejects.toThrow(message);
});

test("an answer that does not agree is none, and a refusal is told as the server says it", async () => {
  const { cluster } = await start(
    () => {},
    () => "bm90aGluZw==",
  );
  await expect(
    cluster.forward(
      async () => POD,
      () => {},
    ),
  ).rejects.toThrow(/another protocol/);
  const { cluster: other, server } = await start(() => {});
  server.removeAllListeners("upgrade");
  server.on("upgrade", (_request, socket: net.Socket) => {
    const body = JSON.stringify(status(403, "Forbidden", "pods is forbidden").body);
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
  await expect(
    other.forward(
      async () => POD,
      () => {},
    ),
  ).rejects.toMatchObject({ status: 403, message: "pods is forbidden" });
});
