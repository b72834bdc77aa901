import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { dashboardSections } from "../../src/metrics/dashboard.ts";
import { OTLP_RECEIVER } from "../../src/metrics/settings.ts";
import { Interrupted } from "../../src/ports/error.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Part } from "../../src/sandbox/part.ts";
import { PARTS } from "../../src/sandbox/parts.ts";
import { kn, type Outcome, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { startPrometheus, takesOtlp } from "../real/prometheus.ts";
import { apply, deployment, until } from "../sandbox/install.ts";
import { workload } from "../sandbox/small-install.ts";
import { bringServices, traffic, unanswered } from "./traffic.ts";

/** `--metrics otlp`: what is measured is sent, and arrives. */

const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none", "--skip-checks", "proof.zero"];
const NAME = "store";

type Place = Awaited<ReturnType<typeof stage>>;

/** A cluster with a Service observability/store, whose ports lead to those of loopback. */
const openPlace = async (served: Readonly<Record<number, number>>): Promise<Place> => {
  const store: Part = {
    name: NAME,
    standIns: {},
    play: () => ({ servedAt: ({ metadata }, port) => (metadata.labels?.app === NAME ? served[port] : undefined) }),
  };
  const world = await stage({ parts: [...PARTS, store] });
  const ports = Object.keys(served).map(Number);
  await apply(
    world,
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "observability" } },
    workload(NAME, "observability", { container: { ports: ports.map((containerPort) => ({ containerPort })) } }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "observability", name: NAME },
      spec: { selector: { app: NAME }, ports: ports.map((port) => ({ name: `p${port}`, port })) },
    },
  );
  await until(world, "the store runs", () => isTrue(world.api.get(deployment(NAME, "observability")), "Available"));
  return world;
};

const install = (world: Place, endpoint: string, options?: Parameters<typeof kn>[2]): Promise<Outcome> =>
  kn(
    { ...world, standIns: true },
    ["install", "--yes", ...PLAIN, "--metrics", "otlp", "--metrics-endpoint", endpoint, "-o", "json"],
    options,
  );

const finding = ({ events }: Outcome, id: string): string | undefined =>
  events
    .flatMap(({ findings }) => (Array.isArray(findings) ? findings : []))
    .filter((one) => one.id === id)
    .map(({ status, summary }) => `${status}: ${summary}`)
    .at(-1);

describe.skipIf(!takesOtlp)("a real Prometheus that takes OTLP", () => {
  it("has the proof's request, and answers what the dashboard asks", { timeout: patient(90_000) }, async () => {
    const prometheus = await startPrometheus();
    await using _prometheus = { [Symbol.asyncDispose]: prometheus.close };
    const world = await openPlace({ 9090: prometheus.port });
    await using _world = { [Symbol.asyncDispose]: world.close };
    const endpoint = `http://${NAME}.observability:9090${OTLP_RECEIVER}`;
    const outcome = await install(world, endpoint);
    expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
    expect(finding(outcome, "metrics.arrived")).toMatch(
      /^ok: \d+ requests? (has|have) arrived in Service observability\/store$/,
    );
    await bringServices(world);
    const stop = new AbortController();
    const sending = traffic(world, stop.signal);
    // The gateway sends nothing.
    const panels = dashboardSections("1.23.0").flatMap((section) => section.panels);
    try {
      await expect
        .poll(() => unanswered(prometheus, panels), { timeout: patient(40_000), interval: 1_000 })
        .toEqual([]);
    } finally {
      stop.abort();
      await sending;
    }
  });
});

/** What was sent to it, by path; it takes everything but OTLP at the path of a Prometheus, and knows no series. */
const startCollector = async () => {
  const got = new Map<string, { readonly type: string; readonly bytes: Buffer }[]>();
  const note = (path: string, type = "", bytes = Buffer.alloc(0)): void => {
    got.set(path, [...(got.get(path) ?? []), { type, bytes }]);
  };
  const http = createHttpServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://collector");
    note(pathname, request.headers["content-type"], Buffer.concat(await request.toArray()));
    if (pathname === OTLP_RECEIVER) response.writeHead(404).end("otlp write receiver needs to be enabled\n");
    else if (request.method === "POST") response.end();
    else response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result: [] } }));
  });
  const grpc = createHttp2Server();
  grpc.on("stream", async (stream, headers) => {
    note(String(headers[":path"]), headers["content-type"], Buffer.concat(await stream.toArray()));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  });
  for (const server of [http, grpc]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  return {
    got,
    ports: { 4317: (grpc.address() as AddressInfo).port, 4318: (http.address() as AddressInfo).port },
    close: async () => {
      http.close();
      grpc.close();
    },
  };
};

it("goes to a collector by http and by gRPC; a Prometheus that does not take it is told apart from one that has nothing yet", async () => {
  const collector = await startCollector();
  await using _collector = { [Symbol.asyncDispose]: collector.close };
  const world = await openPlace(collector.ports);
  await using _world = { [Symbol.asyncDispose]: world.close };
  const names = (path: string): string =>
    (collector.got.get(path) ?? []).map(({ bytes }) => bytes.toString("latin1")).join("\n");

  const byHttp = await install(world, `http://${NAME}.observability.svc.cluster.local:4318/v1/metrics`);
  expect(byHttp.code, byHttp.stderr + byHttp.stdout).toBe(0);
  // The proof's Service may be gone before anything of it is sent.
  await bringServices(world);
  for (const name of ["kn.revision.pods.desired", "kn.serving.invocation.duration"])
    await expect
      .poll(() => names("/v1/metrics").includes(name), { message: name, timeout: patient(60_000) })
      .toBe(true);
  expect(new Set(collector.got.get("/v1/metrics")?.map(({ type }) => type))).toEqual(
    new Set(["application/x-protobuf"]),
  );

  const byGrpc = await install(world, `http://${NAME}.observability:4317`);
  expect(byGrpc.code, byGrpc.stderr + byGrpc.stdout).toBe(0);
  const EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  await expect.poll(() => names(EXPORT).includes("kn.workqueue.depth"), { timeout: patient(60_000) }).toBe(true);
  const [call] = collector.got.get(EXPORT) ?? [];
  expect([call?.type, call?.bytes.readUInt8(0), call?.bytes.readUInt32BE(1)]).toEqual([
    "application/grpc",
    0,
    (call?.bytes.length ?? 0) - 5,
  ]);

  // It would be waited for until the time is up.
  const stop = new AbortController();
  const reason = `what is measured could not be sent: failed to send metrics to http://${NAME}.observability:4318${OTLP_RECEIVER}: 404 Not Found (body: otlp write receiver needs to be enabled)`;
  const { stdout } = await install(world, `http://${NAME}.observability:4318${OTLP_RECEIVER}`, {
    signal: stop.signal,
    onStdout: (text) => {
      if (text.includes("404 Not Found")) stop.abort(new Interrupted("SIGINT"));
    },
  });
  expect(stdout).toContain(reason);
});
