import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../../src/ports/error.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Part } from "../../src/sandbox/part.ts";
import { PARTS } from "../../src/sandbox/parts.ts";
import { kn, stage } from "../engine/cli.ts";
import { type Browser, chromium, startBrowser } from "../report-page/chromium.ts";
import { apply, deployment, until } from "../sandbox/install.ts";
import { workload } from "../sandbox/small-install.ts";

if (!chromium) process.stderr.write("skipped: chromium is not on PATH; nobody looks at the page behind logs open\n");

const PORT = 5601;
const ASSETS = 12;
const HALF_A_MEGABYTE = 2 ** 19;

/** As a UI of this kind is made: it leads on with a cookie, then loads a program and pictures, and asks its own API. */
const ui = (): Server =>
  createServer((request, response) => {
    const { url = "/", headers } = request;
    if (url === "/") {
      response.writeHead(302, { location: "/app/home", "set-cookie": "sid=abc; Path=/; HttpOnly; SameSite=Lax" });
      return void response.end();
    }
    if (!headers.cookie?.includes("sid=abc")) return void response.writeHead(401).end();
    if (url === "/app/home") {
      const pictures = Array.from({ length: ASSETS }, (_, index) => `<img src="/picture-${index}.svg">`).join("");
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      return void response.end(
        `<!doctype html><title>Loading</title><main>…</main>${pictures}<script src="/bundle.js"></script>`,
      );
    }
    if (url === "/bundle.js") {
      const program = `fetch("/api/status", { method: "POST", body: "x".repeat(70000) }).then((answer) => answer.json()).then(({ name, took }) => {
        document.title = name; document.querySelector("main").textContent = "took " + took; });`;
      response.writeHead(200, { "content-type": "text/javascript" });
      return void response.end(`${program}//${"x".repeat(HALF_A_MEGABYTE)}`);
    }
    if (url === "/api/status") {
      let took = 0;
      request.on("data", (chunk: Buffer) => {
        took += chunk.length;
      });
      return void request.on("end", () => response.end(JSON.stringify({ name: "Knative requests", took })));
    }
    response.writeHead(200, { "content-type": "image/svg+xml" });
    response.end('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>');
  });

describe.skipIf(!chromium)("logs open, in Chromium", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let page: Server;
  let browser: Browser;
  beforeAll(async () => {
    page = ui();
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const { port } = page.address() as AddressInfo;
    const part: Part = {
      name: "ui",
      standIns: {},
      play: () => ({ servedAt: (_pod, asked) => (asked === PORT ? port : undefined) }),
    };
    world = await stage({ parts: [...PARTS, part] });
    const container = { ports: [{ name: "ui", containerPort: PORT }] };
    const labels = { app: "kibana" };
    await apply(world, workload("kibana", "default", { container }), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kibana", namespace: "default", labels },
      spec: { selector: { app: "kibana" }, ports: [{ name: "http", port: PORT }] },
    });
    await until(world, "kibana", () => isTrue(world.api.get(deployment("kibana", "default")), "Available"));
    if (chromium) browser = await startBrowser(chromium);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    page?.close();
  });

  it("shows the whole of a page, its pictures and what it asks its own API", async () => {
    const stop = new AbortController();
    const opened = Promise.withResolvers<string>();
    const running = kn(world, ["logs", "open"], {
      signal: stop.signal,
      onStdout: (text) => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(text) ?? [];
        if (url) opened.resolve(url);
      },
    });
    await browser.visit(await opened.promise);
    expect(
      await browser.ask(`new Promise((resolve) => {
        const look = () => document.title === "Loading" ? setTimeout(look, 20) : resolve([
          document.title, location.pathname, document.querySelector("main").textContent,
          [...document.images].filter((one) => one.complete && one.naturalWidth > 0).length ]);
        look(); })`),
    ).toEqual(["Knative requests", "/app/home", "took 70000", ASSETS]);
    stop.abort(new Interrupted("SIGINT"));
    expect((await running).code).toBe(130);
  });
});
