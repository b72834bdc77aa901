import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import { chooseProxy } from "../../src/adapters/cluster/proxy.ts";
import { createAuthority, serve, targetOf } from "./loopback.ts";

const authority = await createAuthority();
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const listen = async (server: net.Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
};
/** Joins two sockets; every name leads to 127.0.0.1, as only the proxy knows. */
const join = (socket: net.Socket, port: number, greet: (upstream: net.Socket) => void): void => {
  const upstream = net.connect(port, "127.0.0.1", () => {
    greet(upstream);
    socket.pipe(upstream).pipe(socket);
  });
  for (const end of [socket, upstream]) end.on("error", () => {});
};
const start = async (proxy: string, rest: object = {}) => {
  const server = await serve(() => ({ gitVersion: "v1.36.2" }), await authority.issue(["api.test"]));
  const cluster = openCluster(
    targetOf(`https://api.test:${server.port}`, { proxy, tls: { ca: authority.ca, insecure: false }, ...rest }),
    { patience: { firstContactMs: 0, midRunMs: 0 }, connectTimeoutMs: 300 },
  );
  cleanUp.push(server.close, cluster.close);
  return { server, cluster };
};

describe.each(["http", "https"])("an %s proxy", (scheme) => {
  test("leads to a name that only it knows, with its own login, over connections that stay", async () => {
    const connects: unknown[] = [];
    const proxy =
      scheme === "https" ? https.createServer(await authority.issue(["localhost", "127.0.0.1"])) : http.createServer();
    proxy.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
      connects.push([request.url, request.headers["proxy-authorization"]]);
      join(socket, Number(request.url?.split(":")[1]), () =>
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n"),
      );
    });
    const port = await listen(proxy);
    // A proxy's certificate is checked against the system's roots, which do not know the test's authority.
    const { server, cluster } = await start(`${scheme}://user:p%40ss@127.0.0.1:${port}`);
    if (scheme === "https") {
      await expect(cluster.version()).rejects.toThrow(
        /certificate that is not trusted.*asked through the proxy https:\/\/127/,
      );
      return;
    }
    for (let index = 0; index < 5; index++) expect(await cluster.version()).toBe("1.36.2");
    expect(connects).toEqual([[`api.test:${server.port}`, `Basic ${Buffer.from("user:p@ss").toString("base64")}`]]);
  });
});

test("a proxy that refuses is named, without its password, and not asked again", async () => {
  const proxy = http.createServer();
  proxy.on("connect", (_, socket: net.Socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  const { cluster } = await start(`http://user:geheim@127.0.0.1:${await listen(proxy)}`);
  const message = await cluster.version().catch((error: Error) => error.message);
  expect(message).toMatch(
    /cannot be reached through the proxy \(the proxy answered: 407 Proxy Authentication Required\), asked through/,
  );
  expect(message).not.toContain("geheim");
});

test("a proxy that stays silent does not hold the run", async () => {
  const { cluster } = await start(`http://127.0.0.1:${await listen(net.createServer(() => {}))}`);
  await expect(cluster.version()).rejects.toThrow(/did not answer in time, asked through the proxy/);
});

describe("a SOCKS 5 proxy", () => {
  /** Reads what comes and answers by steps; enough of RFC 1928 for one client. */
  const socks = async (login?: string) => {
    const asked: string[] = [];
    const port = await listen(
      net.createServer((socket) => {
        const steps: ((data: Buffer) => void)[] = [
          () => socket.write(Buffer.from([5, login ? 2 : 0])),
          ...(login
            ? [
                (data: Buffer) => {
                  const size = data[1] ?? 0;
                  const user = data.subarray(2, 2 + size).toString();
                  const password = data.subarray(3 + size).toString();
                  socket.write(Buffer.from([1, `${user}:${password}` === login ? 0 : 1]));
                },
              ]
            : []),
          (data) => {
            const size = data[4] ?? 0;
            asked.push(data.subarray(5, 5 + size).toString());
            socket.removeAllListeners("data");
            join(socket, data.readUInt16BE(5 + size), () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
          },
        ];
        socket.on("data", (data: Buffer) => steps.shift()?.(data)).on("error", () => {});
      }),
    );
    return { port, asked };
  };

  test("leads to a name that only it knows", async () => {
    const { port, asked } = await socks();
    const { cluster } = await start(`socks5://127.0.0.1:${port}`);
    expect(await cluster.version()).toBe("1.36.2");
    expect(asked).toEqual(["api.test"]);
  });

  test("with user name and password", async () => {
    const right = await socks("user:p@ss");
    expect(await (await start(`socks5://user:p%40ss@127.0.0.1:${right.port}`)).cluster.version()).toBe("1.36.2");
    const wrong = await socks("user:other");
    const { cluster } = await start(`socks5://user:p%40ss@127.0.0.1:${wrong.port}`);
    await expect(cluster.version()).rejects.toThrow(/wrong user name or password/);
  });
});

describe("proxy from the environment, as kubectl reads it", () => {
  const https = new URL("https://api.example.com:6443");
  test.each([
    ["used", https, { HTTPS_PROXY: "http://p:3128" }, "http://p:3128/"],
    ["lower case, without a scheme", https, { https_proxy: "p:3128" }, "http://p:3128/"],
    ["of the other scheme", https, { HTTP_PROXY: "http://p:3128" }, undefined],
    ["loopback is never proxied", new URL("https://127.0.0.1:6443"), { HTTPS_PROXY: "http://p:3128" }, undefined],
    ["exact name", https, { HTTPS_PROXY: "http://p", NO_PROXY: "api.example.com" }, undefined],
    ["domain", https, { HTTPS_PROXY: "http://p", no_proxy: "other, .example.com" }, undefined],
    ["domain without a dot", https, { HTTPS_PROXY: "http://p", NO_PROXY: "example.com" }, undefined],
    [
      "a dot matches names below only",
      new URL("https://example.com"),
      { HTTPS_PROXY: "http://p", NO_PROXY: ".example.com" },
      "http://p/",
    ],
    ["another port", https, { HTTPS_PROXY: "http://p", NO_PROXY: "api.example.com:443" }, "http://p/"],
    ["the port", https, { HTTPS_PROXY: "http://p", NO_PROXY: "api.example.com:6443" }, undefined],
    ["a network", new URL("https://10.1.2.3"), { HTTPS_PROXY: "http://p", NO_PROXY: "10.0.0.0/8" }, undefined],
    ["another network", new URL("https://11.1.2.3"), { HTTPS_PROXY: "http://p", NO_PROXY: "10.0.0.0/8" }, "http://p/"],
    ["an IPv6 address", new URL("https://[fd00::1]:6443"), { HTTPS_PROXY: "http://p", NO_PROXY: "fd00::1" }, undefined],
    ["everything", https, { HTTPS_PROXY: "http://p", NO_PROXY: "*" }, undefined],
  ])("%s", (_, server, env, proxy) => {
    expect(chooseProxy(server, undefined, env)).toBe(proxy);
  });

  test("proxy-url of the kubeconfig wins, NO_PROXY or not", () => {
    const entry = { kind: "cluster", name: "c", folder: "/" } as const;
    expect(chooseProxy(https, { url: "http://own:1", entry }, { HTTPS_PROXY: "http://p", NO_PROXY: "*" })).toBe(
      "http://own:1/",
    );
  });
});
