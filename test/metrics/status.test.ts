import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { ApiRequest, ApiResponse } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { hasPrometheus, startPrometheus } from "../real/prometheus.ts";
import { apply, ask, until } from "../sandbox/install.ts";
import { bringStack, filesFor, jobsFor } from "./operator.ts";

const BIN = { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "default", name: "bin" };

const forbidden: ApiResponse = {
  status: 403,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", message: "no", code: 403 },
};

describe("status --services", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  /** What is behind Service observability/prometheus-operated. */
  let behind: ((path: string) => Promise<ApiResponse>) | undefined;
  const PROXY = "/api/v1/namespaces/observability/services/prometheus-operated:9090/proxy";
  let isForbidden = false;
  const onRequest = async ({ path, query }: ApiRequest): Promise<ApiResponse | undefined> => {
    if (isForbidden && path.includes("/proxy")) return forbidden;
    return path.startsWith(PROXY) ? behind?.(`${path.slice(PROXY.length)}?${new URLSearchParams(query)}`) : undefined;
  };
  const status = async () => {
    const { events, stderr, code } = await kn(world, ["status", "--services", "-o", "json"]);
    expect(code, stderr).toBe(0);
    const { services } = events.find(({ type }) => type === "status") as {
      services: { requests?: { count: number; errors: number; since: string } }[];
    };
    return services[0]?.requests;
  };

  beforeAll(async () => {
    world = { ...(await stage({ pace: 20, onRequest })), standIns: true } as typeof world;
    await bringStack(world);
    const plain = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none", "--skip-checks", "proof.zero"];
    const installed = await kn(world, ["install", "--yes", ...plain, "--metrics", "prometheus"]);
    expect(installed.code, installed.stderr).toBe(0);
    await apply(world, {
      apiVersion: BIN.apiVersion,
      kind: BIN.kind,
      metadata: { namespace: "default", name: "bin" },
      spec: {
        template: {
          metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } },
          spec: { containers: [{ image: "docker.io/kennethreitz/httpbin" }] },
        },
      },
    });
    await until(world, "it is ready", () => isTrue(world.api.get(BIN), "Ready"));
  }, patient(60_000));
  afterAll(() => world.close());

  const send = async (path: string): Promise<void> => {
    await ask(world, 80, new URL(world.api.get(BIN)?.status.url).host, path);
  };

  it("counts what the pods have counted, where no Prometheus can be asked", async () => {
    for (const path of ["/status/200", "/status/200", "/status/503"]) await send(path);
    expect(await status()).toEqual({ count: 3, errors: 1, since: "pods" });
    const { stdout } = await kn(world, ["status", "--services"]);
    expect(stdout).toMatch(/default\/bin +ready +1 pod +3 requests, 1 error of these pods\n +http:/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    await apply(world, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        namespace: "observability",
        name: "prometheus-operated",
        labels: { "operated-prometheus": "true" },
      },
      spec: { clusterIP: "None", ports: [{ name: "web", port: 9090 }] },
    });
  });

  it.skipIf(!hasPrometheus)(
    "asks a real Prometheus through the API server for the last minutes",
    { timeout: patient(60_000) },
    async () => {
      const prometheus = await startPrometheus(jobsFor(world.api, "stack"), filesFor(world.api));
      await using _prometheus = { [Symbol.asyncDispose]: prometheus.close };
      behind = async (path) => {
        const response = await fetch(`http://127.0.0.1:${prometheus.port}${path}`);
        return { status: response.status, body: await response.text() };
      };
      // It has seen nothing yet: the pods are asked.
      expect(await status()).toMatchObject({ since: "pods" });
      for (let round = 0; round < 30; round += 1) {
        await Promise.all([send("/status/200"), send("/status/500")]);
        await pause(patient(100));
      }
      await expect.poll(async () => (await status())?.since, { timeout: patient(10_000) }).toBe("5m");
      // What grew before its first look at a pod it does not know: more has to come.
      const seen = async () => {
        await Promise.all([send("/status/200"), send("/status/200"), send("/status/500")]);
        return (await status())?.errors ?? 0;
      };
      await expect.poll(seen, { timeout: patient(20_000), interval: 200 }).toBeGreaterThan(2);
      const { count = 0, errors = 0 } = (await status()) ?? {};
      expect(count).toBeGreaterThan(errors);
      expect(count).toBeLessThan(600);
    },
  );

  it("does not wait for a Prometheus that is silent, or refuses, and asks the pods", async () => {
    behind = () => new Promise(() => {});
    const startedAt = performance.now();
    expect(await status()).toMatchObject({ since: "pods" });
    expect(performance.now() - startedAt).toBeLessThan(patient(6_000));
    behind = async () => forbidden;
    expect(await status()).toMatchObject({ since: "pods" });
  });

  it("says nothing of requests where pods may not be asked", async () => {
    isForbidden = true;
    expect(await status()).toBeUndefined();
  });
});
