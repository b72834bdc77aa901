import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { bounded, type DownloadOptions, download } from "../../src/releases/download.ts";
import { environmentFetch } from "../../src/releases/http.ts";
import { patient } from "../patience.ts";
import { serve } from "./server.ts";

const BODY = "x".repeat(200_000);
const patience = { delay: 5, random: () => 0.5 };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe.each([
  ["fetch", (url: string, init: { signal: AbortSignal }) => fetch(url, init)],
  ["environmentFetch", environmentFetch({})],
])("download through %s", (_name, fetch) => {
  const get = (url: string, options: Partial<DownloadOptions> = {}): Promise<Uint8Array> =>
    download(url, { fetch, signal: new AbortController().signal, ...patience, ...options });

  it("reports progress up to the length the server gave", async () => {
    await using server = await serve((_, response) => response.setHeader("content-length", BODY.length).end(BODY));
    const seen: [number, number | undefined][] = [];
    expect(text(await get(`${server.url}/a`, { onProgress: (bytes, total) => seen.push([bytes, total]) }))).toBe(BODY);
    expect(seen.at(-1)).toEqual([BODY.length, BODY.length]);
  });

  it("tries again after 429, honouring Retry-After", async () => {
    await using server = await serve((_, response, count) =>
      count === 1 ? response.writeHead(429, { "retry-after": "1" }).end() : response.end(BODY),
    );
    const start = performance.now();
    expect(text(await get(`${server.url}/a`))).toBe(BODY);
    expect(performance.now() - start).toBeGreaterThan(950);
    expect(server.requests).toHaveLength(2);
  });

  it("tries again after a reset in the middle of the body", async () => {
    await using server = await serve((request, response, count) => {
      response.setHeader("content-length", BODY.length);
      if (count > 1) response.end(BODY);
      else response.write(BODY.slice(0, 70_000), () => request.socket.destroy());
    });
    expect(text(await get(`${server.url}/a`))).toBe(BODY);
    expect(server.requests).toHaveLength(2);
  });

  it("tries again when nothing comes any more", async () => {
    await using server = await serve((_, response, count) => {
      if (count > 1) response.end(BODY);
      else response.write("x");
    });
    expect(text(await get(`${server.url}/a`, { stall: 100 }))).toBe(BODY);
  });

  it("is patient with a slow server that keeps sending", async () => {
    await using server = await serve(async (_, response) => {
      for (let part = 0; part < 12; part += 1) {
        response.write("x");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      response.end();
    });
    expect(text(await get(`${server.url}/a`, { stall: 400 }))).toBe("x".repeat(12));
    expect(server.requests).toHaveLength(1);
  });

  it("does not let a server trickle for ever", async () => {
    await using server = await serve(async (_, response) => {
      for (let part = 0; part < 100 && !response.destroyed; part += 1) {
        response.write("x");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
    });
    await expect(get(`${server.url}/a`, { stall: 5_000, longest: 300 })).rejects.toMatchObject({
      id: "release.unavailable",
      kind: "failed",
      why: "It was not complete after 0.3 s.",
    });
    expect(server.requests).toHaveLength(1);
  });

  it("gives up after its attempts and says what happened and what to do", async () => {
    await using server = await serve((_, response) => response.writeHead(503).end());
    await expect(get(`${server.url}/a`, { attempts: 3 })).rejects.toMatchObject({
      id: "release.unavailable",
      kind: "failed",
      message: `${server.url}/a could not be downloaded.`,
      why: "The server answered 503 Service Unavailable (3 attempts).",
      remedy: { command: "kn-bootstrap install --manifests DIR" },
    });
    expect(server.requests).toHaveLength(3);
  });

  it("does not try again what will not change", async () => {
    await using server = await serve((request, response) =>
      response.writeHead(request.url === "/gone" ? 404 : 403).end(),
    );
    await expect(get(`${server.url}/gone`)).rejects.toMatchObject({ id: "release.missing", kind: "input" });
    await expect(get(`${server.url}/forbidden`)).rejects.toMatchObject({
      id: "release.unavailable",
      why: "The server answered 403 Forbidden.",
    });
    expect(server.requests).toEqual(["/gone", "/forbidden"]);
  });

  it("says why there was no answer", async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    await expect(get(`${server.url}/a`, { attempts: 2 })).rejects.toMatchObject({
      id: "release.unavailable",
      why: expect.stringMatching(/ECONNREFUSED.* \(2 attempts\)\.$/),
    });
  });

  it("follows redirects, but not for ever", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/a") response.writeHead(302, { location: "/b" }).end();
      else if (request.url === "/b") response.end(BODY);
      else response.writeHead(302, { location: "/loop" }).end();
    });
    expect(text(await get(`${server.url}/a`))).toBe(BODY);
    await expect(get(`${server.url}/loop`, { attempts: 1 })).rejects.toMatchObject({ id: "release.unavailable" });
  });

  it("ends at once when it is told to", async () => {
    await using server = await serve((_, response) => response.write("x"));
    const reason = new Error("interrupted");
    for (const options of [{}, { delay: 60_000 }]) {
      const controller = new AbortController();
      const url = options.delay ? "http://127.0.0.1:1/refused" : `${server.url}/slow`;
      const start = performance.now();
      setTimeout(() => controller.abort(reason), 50);
      await expect(get(url, { ...options, signal: controller.signal })).rejects.toBe(reason);
      expect(performance.now() - start).toBeLessThan(patient(1_000));
    }
    await expect(get(`${server.url}/never`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).not.toContain("/never");
  });
});

describe("environmentFetch", () => {
  const get = (url: string, options: Partial<DownloadOptions> = {}): Promise<Uint8Array> =>
    download(url, { fetch: environmentFetch({}), signal: new AbortController().signal, ...patience, ...options });

  it.each([
    ["http://[not-a-host/", /a redirect to "http:\/\/\[not-a-host\/", which is no web address/],
    ["file:///etc/passwd", /a redirect to "file:\/\/\/etc\/passwd", which is no web address/],
    ["http://releases.invalid/a", /a redirect to http:\/\/releases\.invalid\/a, which is not encrypted/],
  ])("does not follow a redirect to %s, and does not ask again", async (location, why) => {
    await using server = await serve((_, response) => response.writeHead(302, { location }).end());
    await expect(get(`${server.url}/a`, { secure: true })).rejects.toMatchObject({
      id: "release.unavailable",
      why: expect.stringMatching(why),
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([204, 205, 304, 206, 302, 999])("takes %s for what it is: not the file", async (status) => {
    await using server = await serve((_, response) => response.writeHead(status).end());
    await expect(get(`${server.url}/a`, { attempts: 2 })).rejects.toMatchObject({
      id: "release.unavailable",
      why: expect.stringMatching(new RegExp(`^The server answered ${status}`)),
    });
  });

  it("stops at a file that is too large, announced or not", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/announced") response.setHeader("content-length", BODY.length);
      response.end(BODY);
    });
    for (const path of ["announced", "endless"])
      await expect(get(`${server.url}/${path}`, { limit: 100_000 })).rejects.toMatchObject({
        id: "release.unavailable",
        why: "it is larger than 100000 bytes.",
      });
    expect(server.requests).toHaveLength(2);
    expect(text(await get(`${server.url}/announced`, { limit: BODY.length }))).toBe(BODY);
  });

  it("sends a password in the mirror's address over https only", async () => {
    await expect(get("http://me:hunter2@mirror.invalid/a")).rejects.toMatchObject({
      id: "release.insecure",
      message: "The way to mirror.invalid is not encrypted.",
      why: expect.not.stringContaining("hunter2"),
    });
  });

  it("asks nobody without encryption for what is not known here", async () => {
    await expect(get("http://mirror.invalid/a", { secure: true })).rejects.toMatchObject({
      id: "release.insecure",
      kind: "input",
    });
  });

  it("asks the proxy that the environment names", async () => {
    await using proxy = await serve((_, response) => response.end("from the proxy"));
    const fetch = environmentFetch({ http_proxy: proxy.url, no_proxy: "127.0.0.1" });
    const response = await fetch("http://releases.invalid/a", { signal: new AbortController().signal });
    expect(await new Response(response.body).text()).toBe("from the proxy");
    expect(proxy.requests).toEqual(["http://releases.invalid/a"]);
  });

  it("tunnels https through it", async () => {
    const asked: string[] = [];
    const proxy = createServer((socket) => {
      socket.once("data", (data) => {
        asked.push(data.toString().split("\r\n")[0] ?? "");
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    const fetch = environmentFetch({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
    await expect(fetch("https://releases.invalid/a", { signal: new AbortController().signal })).rejects.toThrow();
    expect(asked).toEqual(["CONNECT releases.invalid:443 HTTP/1.1"]);
    proxy.close();
  });
});

it("bounded runs no more tasks at a time than it may, and goes on after a failure", async () => {
  const slot = bounded(3);
  let running = 0;
  let most = 0;
  const task = (index: number) => async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    if (index === 2) throw new Error("two");
    return index;
  };
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => slot(task(index))));
  expect(most).toBe(3);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
});
