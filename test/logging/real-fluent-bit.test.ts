import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, appendFileSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dump, load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { complete, type Written } from "../../src/config/complete.ts";
import { fluentBitYaml } from "../../src/steps/logging/fluent-bit.ts";

/** No registry that tests may use has it; who builds it (cmake, 5.x) and puts it on PATH has it asked. */
const fluentBit = (process.env.PATH ?? "").split(delimiter).find((folder) => {
  try {
    accessSync(join(folder, "fluent-bit"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});
if (!fluentBit)
  process.stderr.write("skipped: fluent-bit is not on PATH; nobody but the stand-in reads its configuration\n");

const REQUEST = (path: string) =>
  JSON.stringify({
    httpRequest: { requestMethod: "GET", requestUrl: path, status: 200, latency: "0.003s" },
    traceId: "",
  });
const PODS: Readonly<Record<string, object>> = {
  "default/hello-00001-a": { labels: { "serving.knative.dev/service": "hello" } },
  "default/other": { labels: { app: "other" } },
};

interface Came {
  readonly [key: string]: unknown;
  readonly kubernetes?: { readonly pod_name?: string };
}

describe.skipIf(!fluentBit)("the real Fluent Bit", () => {
  let folder: string;
  let api: Server;
  let output: Server | undefined;
  let running: ChildProcess | undefined;
  let came: Came[];

  const listening = async (server: Server, port = 0): Promise<number> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const openOutput = (): Server =>
    createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        came.push(...(JSON.parse(Buffer.concat(parts).toString()) as Came[]));
        response.end();
      });
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-fluent-bit-"));
    mkdirSync(join(folder, "containers"));
    came = [];
    api = createServer(({ url = "" }, response) => {
      const [, namespace, pod] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/?]+)/.exec(url) ?? [];
      const metadata = PODS[`${namespace}/${pod}`];
      response.writeHead(metadata ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(metadata ? { kind: "Pod", metadata: { name: pod, namespace, ...metadata } } : {}));
    });
    await listening(api);
  });
  afterEach(async () => {
    await end();
    api.close();
    output?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const end = async (): Promise<void> => {
    if (!running || running.exitCode !== null) return;
    running.kill("SIGTERM");
    await once(running, "exit");
  };
  /** A line as a kubelet writes it; `isPart`: the next one goes on with it. */
  const write = (pod: string, container: string, text: string, isPart = false): void =>
    appendFileSync(
      join(folder, "containers", `${pod}_default_${container}-${"0".repeat(64)}.log`),
      `${new Date().toISOString().replace("Z", "123456Z")} stdout ${isPart ? "P" : "F"} ${text}\n`,
    );
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const start = (port: number, written: Written = {}): void => {
    const choices: Written = {
      logging: "fluent-bit",
      loggingOutput: "http",
      loggingUrl: `http://127.0.0.1:${port}/`,
      ...written,
    };
    const config = complete(choices, { env: {}, terminal: false });
    const text = fluentBitYaml(config, { password: false, token: false, ca: false })
      .replaceAll("/var/log/containers", join(folder, "containers"))
      .replaceAll("/var/lib/fluent-bit", join(folder, "state"));
    const settings = load(text) as { service: object; pipeline: { filters: Record<string, unknown>[] } };
    Object.assign(settings.service, { http_port: 0, http_server: "off" });
    Object.assign(settings.pipeline.filters[0] ?? {}, {
      kube_url: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      kube_token_file: file("token", "any"),
      kube_tag_prefix: `kube.${join(folder, "containers").slice(1).replaceAll("/", ".")}.`,
    });
    running = spawn("fluent-bit", ["--config", file("fluent-bit.yaml", dump(settings))], { stdio: "ignore" });
  };
  const until = async (isThere: () => boolean): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while (!isThere() && Date.now() < deadline) await sleep(100);
  };
  const pathsOf = (): readonly unknown[] =>
    came.map(({ httpRequest, log }) => (httpRequest as { requestUrl?: string } | undefined)?.requestUrl ?? log);

  it("sends what Services and their queue-proxies say, whole, and nothing else", async () => {
    output = openOutput();
    write("hello-00001-a", "queue-proxy", REQUEST("/one"));
    write("hello-00001-a", "user-container", "in two ", true);
    write("hello-00001-a", "user-container", "parts");
    write("hello-00001-a", "sidecar", "beside");
    write("other", "web", "not ours");
    write("gone", "web", "of nobody knows whom");
    // The API server knows it no more.
    write("hello-00001-b", "queue-proxy", REQUEST("/of-a-pod-that-is-gone"));
    start(await listening(output));
    await until(() => came.length >= 4);
    await sleep(500);
    expect(pathsOf().toSorted()).toEqual(["/of-a-pod-that-is-gone", "/one", "beside", "in two parts"]);
    const one = came.find(({ httpRequest }) => (httpRequest as { requestUrl?: string })?.requestUrl === "/one");
    expect(one).toMatchObject({
      stream: "stdout",
      httpRequest: { status: 200, latency: "0.003s" },
      kubernetes: {
        pod_name: "hello-00001-a",
        container_name: "queue-proxy",
        labels: { "serving.knative.dev/service": "hello" },
      },
    });
  });

  it("loses nothing while its output is away and it is restarted itself", async () => {
    const free = openOutput();
    const port = await listening(free);
    free.close();
    start(port, { loggingCollect: "requests" });
    write("hello-00001-a", "queue-proxy", REQUEST("/before"));
    await sleep(3_000);
    await end();
    write("hello-00001-a", "queue-proxy", REQUEST("/meanwhile"));
    start(port, { loggingCollect: "requests" });
    await sleep(1_000);
    output = openOutput();
    await listening(output, port);
    await until(() => came.length >= 2);
    expect(pathsOf().toSorted()).toEqual(["/before", "/meanwhile"]);
  });
});
