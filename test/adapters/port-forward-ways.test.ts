import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import tls from "node:tls";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import type { Login } from "../../src/adapters/cluster/target.ts";
import { createAuthority, status, targetOf } from "./loopback.ts";

/** Ways to an API server, and to a port of a pod behind it: the name of the server is known to the proxy alone. */
const authority = await createAuthority();
const serving = await authority.issue(["api.test"]);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const listen = async (server: net.Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

/** Says back what it hears, unmasked, and hangs up; `allows`: the token that it takes. */
const apiServer = async (allows: (authorization: string | undefined) => boolean = () => true) => {
  const server = https.createServer(serving);
  const held = new Set<net.Socket>();
  cleanUp.push(() => {
    for (const socket of held) socket.destroy();
  });
  server.on("upgrade", ({ headers }: http.IncomingMessage, socket: net.Socket) => {
    held.add(socket.on("error", () => {}));
    if (!allows(headers.authorization)) {
      const body = JSON.stringify(status(401, "Unauthorized", "Unauthorized").body);
      const head = `HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
      return void socket.end(head + body);
    }
    const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept.digest("base64")}`,
      `Sec-WebSocket-Protocol: ${headers["sec-websocket-protocol"]}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    for (const channel of [0, 1]) socket.write(Buffer.from([0x82, 3, channel, 0x90, 0x1f]));
    socket.on("data", (bytes: Buffer) => {
      if (bytes[0] !== 0x82) return;
      const mask = bytes.subarray(2, 6);
      const payload = bytes.subarray(6).map((byte, index) => byte ^ (mask[index & 3] ?? 0));
      socket.write(Buffer.concat([Buffer.from([0x82, payload.length]), payload, Buffer.from([0x88, 2, 0x03, 0xe8])]));
    });
  });
  return listen(server);
};

const join = (socket: net.Socket, port: number, greet: () => void): void => {
  const upstream = net.connect(port, "127.0.0.1", () => {
    greet();
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) end.on("error", () => {});
};

/** Who was asked to lead where, as whom. */
type Led = string[];

const httpProxy = (led: Led, server: http.Server = http.createServer()): net.Server =>
  server.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    const [, login = ""] = request.headers["proxy-authorization"]?.split(" ") ?? [];
    led.push(`${request.url?.split(":")[0]} as ${Buffer.from(login, "base64")}`);
    join(socket, Number(request.url?.split(":")[1]), () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
  });

/** RFC 1928 with the login of RFC 1929, each message in a packet of its own. */
const socksProxy = (led: Led): net.Server =>
  net.createServer((socket) => {
    socket.on("error", () => {});
    let user = "";
    const steps = [
      () => socket.write(Buffer.from([5, 2])),
      (message: Buffer) => {
        user = message.subarray(2, 2 + (message[1] ?? 0)).toString();
        socket.write(Buffer.from([1, 0]));
      },
      (message: Buffer) => {
        const end = 5 + (message[4] ?? 0);
        led.push(`${message.subarray(5, end)} as ${user}`);
        socket.removeAllListeners("data");
        join(socket, message.readUInt16BE(end), () => socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
      },
    ];
    socket.on("data", (message: Buffer) => steps.shift()?.(message));
  });

const forwarded = async (port: number, proxy: string | undefined, login: Login = {}) => {
  const host = proxy === undefined ? "127.0.0.1" : "api.test";
  const target = targetOf(`https://${host}:${port}`, {
    ...(proxy === undefined ? {} : { proxy }),
    tls: { ca: authority.ca, insecure: false, ...(proxy === undefined ? { servername: "api.test" } : {}) },
    login,
  });
  const cluster = openCluster(target, { patience: { firstContactMs: 0, midRunMs: 0 } });
  cleanUp.push(cluster.close);
  return cluster.forward(
    async () => ({ namespace: "default", pod: "web-1", port: 8080 }),
    () => {},
  );
};

const heardBack = async (port: number, text: string): Promise<string> => {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(text);
  return (await buffer(socket)).toString();
};

test.each(["http", "https", "socks5"])("a port is reached through a proxy by %s that wants a login", async (scheme) => {
  const led: Led = [];
  const proxy =
    scheme === "socks5"
      ? socksProxy(led)
      : scheme === "http"
        ? httpProxy(led)
        : httpProxy(led, https.createServer(await authority.issue(["127.0.0.1"])));
  const roots = tls.getCACertificates("default");
  // A proxy is trusted by the roots of the system alone.
  if (scheme === "https") tls.setDefaultCACertificates([...roots, authority.ca]);
  cleanUp.push(() => tls.setDefaultCACertificates(roots));
  const { port } = await forwarded(await apiServer(), `${scheme}://jane:geheim@127.0.0.1:${await listen(proxy)}`);
  expect(await heardBack(port, "hello")).toBe("hello");
  // The trial, and the connection.
  expect(led).toEqual(Array(2).fill(scheme === "socks5" ? "api.test as jane" : "api.test as jane:geheim"));
});

test("a proxy that refuses the login is named, without its password", async () => {
  const proxy = http.createServer();
  proxy.on("connect", (_, socket: net.Socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  const failing = forwarded(await apiServer(), `http://jane:geheim@127.0.0.1:${await listen(proxy)}`);
  await expect(failing).rejects.toThrow(/the proxy answered: 407/);
  await expect(failing).rejects.not.toThrow(/geheim/);
});

test("a credential plugin is asked, and asked again when its token is not taken any more", async () => {
  const script =
    "const {existsSync,writeFileSync}=require('node:fs');const p=process.env.SEEN;const token=existsSync(p)?'second':'first';" +
    "writeFileSync(p,token);console.log(JSON.stringify({apiVersion:'client.authentication.k8s.io/v1',kind:'ExecCredential',status:{token}}))";
  const folder = mkdtempSync(path.join(tmpdir(), "kn-bootstrap-plugin-"));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const tokens: (string | undefined)[] = [];
  const port = await apiServer((authorization) => {
    tokens.push(authorization);
    return authorization === "Bearer second" || tokens.length === 1;
  });
  const plugin = {
    command: process.execPath,
    args: ["-e", script],
    env: { ...process.env, SEEN: path.join(folder, "seen") },
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "Never" as const,
  };
  const forward = await forwarded(port, undefined, { plugin });
  expect(await heardBack(forward.port, "hello")).toBe("hello");
  expect(tokens).toEqual(["Bearer first", "Bearer first", "Bearer second"]);
});
