import { describe, expect, it } from "vitest";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { bringStack } from "../metrics/operator.ts";
import { isThorough, thoroughly } from "../thorough.ts";
import { kn, type Outcome, stage } from "./cli.ts";
import { contentsOf, findingsOf } from "./place.ts";

/** `--metrics` as a part of an installation. */

const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none"];
const MONITORING = "monitoring.coreos.com/v1";
const CONFIG = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-observability" };

type World = Awaited<ReturnType<typeof stage>>;

const runIn =
  (world: World) =>
  (command: string, ...args: readonly string[]): Promise<Outcome> =>
    kn({ ...world, standIns: true }, [command, ...args, "-o", "json"]);

const config = ({ api }: World) => {
  const { _example, ...data } = dataOf(api.get(CONFIG) as KubeObject | undefined);
  return data;
};

const told = ({ api }: World) =>
  Object.fromEntries(
    api
      .list("apps/v1", "Deployment", "knative-serving")
      .map(({ metadata, spec }) => [metadata.name, spec.template.metadata.annotations ?? {}]),
  );

const ON = { "metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus" };

describe("--metrics prometheus", () => {
  it.each(thoroughly(["kourier"], ["kourier", "istio"]))(
    "with %s and the operator: there, silent, off and on again, and gone",
    async (ingress) => {
      const world = await stage();
      await using _world = { [Symbol.asyncDispose]: world.close };
      await bringStack(world);
      const before = await contentsOf(world);
      const run = runIn(world);
      const first = await run("install", "--yes", ...PLAIN, "--ingress", ingress, "--metrics", "prometheus");
      expect(first.code, first.stderr + first.stdout).toBe(0);
      expect(findingsOf(first)).toMatchObject({
        "metrics.exported": "ok: at port 9090 of activator, autoscaler, controller, webhook",
        "metrics.requests": expect.stringMatching(/^ok: \d+ requests? (is|are) counted at port 9091 of its pod$/),
      });
      expect(config(world)).toEqual(ON);
      const monitors = ["ServiceMonitor", "PodMonitor"].flatMap((kind) => world.api.list(MONITORING, kind));
      expect(monitors.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.labels?.release}`)).toEqual([
        "ServiceMonitor knative-serving stack",
        "PodMonitor knative-gateway stack",
        "PodMonitor knative-requests stack",
      ]);
      const dashboard = world.api
        .list("v1", "ConfigMap")
        .find(({ metadata }) => metadata.labels?.grafana_dashboard === "1");
      expect(JSON.parse(dashboard?.data["knative.json"])).toMatchObject({ title: "Knative Serving" });
      for (const annotations of Object.values(told(world)))
        expect(annotations).toMatchObject({ "kn-bootstrap/metrics": "prometheus" });
      expect(told(world).activator).not.toHaveProperty("prometheus.io/scrape");

      const again = await run("install", "--yes");
      expect([again.code, again.stats.writes], again.stderr).toEqual([0, 0]);

      if (isThorough) {
        const off = await run("install", "--yes", "--metrics", "none");
        expect(off.code, off.stderr).toBe(0);
        expect(config(world)).toEqual({});
        expect([...world.api.list(MONITORING, "PodMonitor"), ...world.api.list(MONITORING, "ServiceMonitor")]).toEqual(
          [],
        );
        expect(told(world).activator).not.toHaveProperty("kn-bootstrap/metrics");
        const monitor = {
          apiVersion: MONITORING,
          kind: "ServiceMonitor",
          metadata: { namespace: "knative-serving", name: "controller" },
          spec: {},
        };
        await world.api.create("helm", monitor);
        expect((await run("plan")).stdout).toContain("ServiceMonitor knative-serving/controller looks for them");
        await world.api.remove({ ...monitor, ...monitor.metadata });
        const on = await run("install", "--yes", "--metrics", "prometheus");
        expect(on.code, on.stderr + on.stdout).toBe(0);
      }
      const gone = await run("uninstall", "--yes", "--purge");
      expect(gone.code, gone.stderr).toBe(0);
      await expect.poll(() => contentsOf(world)).toEqual(before);
    },
  );

  it("without it, pods say where they are to be read; what a person says of traces stays; otlp says where it goes", async () => {
    const world = await stage();
    await using _world = { [Symbol.asyncDispose]: world.close };
    const run = runIn(world);
    const first = await run("install", "--yes", ...PLAIN, "--metrics", "prometheus");
    expect(first.code, first.stderr + first.stdout).toBe(0);
    expect(told(world).controller).toMatchObject({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "9090",
      "prometheus.io/path": "/metrics",
    });
    const traces = {
      "tracing-protocol": "grpc",
      "tracing-endpoint": "http://traces:4317",
      "tracing-sampling-rate": "0.1",
    };
    await world.api.update("kubectl-edit", CONFIG, (draft) => Object.assign(draft.data, traces));
    const endpoint = "http://collector.observability:4318/v1/metrics";
    const otlp = await run("install", "--yes", "--metrics", "otlp", "--metrics-endpoint", endpoint);
    expect(otlp.code, otlp.stderr + otlp.stdout).toBe(0);
    expect(otlp.stdout).toContain(
      "Service observability/collector is not there: until it is, all that is measured is lost.",
    );
    expect(otlp.stdout).toContain(
      "Whether metrics arrive is seen at collector.observability: the proof cannot ask there.",
    );
    expect(config(world)).toEqual({
      ...traces,
      "metrics-protocol": "http/protobuf",
      "metrics-endpoint": endpoint,
      "request-metrics-protocol": "http/protobuf",
      "request-metrics-endpoint": endpoint,
    });
    expect(told(world).controller).not.toHaveProperty("prometheus.io/scrape");
    const again = await run("install", "--yes");
    expect([again.code, again.stats.writes], again.stderr).toEqual([0, 0]);
    expect(again.stdout).not.toContain("Whether metrics arrive");
    const short = await run("plan", "--metrics-endpoint", "http://collector:4317");
    expect(short.stdout).toContain("look for collector in their own: write collector.NAMESPACE");

    // What somebody else says of metrics themselves is theirs: nothing is forced.
    await world.api.update("kubectl-edit", CONFIG, (draft) => {
      draft.data["metrics-protocol"] = "grpc";
    });
    const refused = await run("install", "--yes");
    expect([refused.code, refused.stats.writes]).toEqual([1, 0]);
    expect(refused.stderr + refused.stdout).toContain("kubectl-edit");
    expect((await run("uninstall", "--yes", "--purge")).code).toBe(0);
  });

  it.each([
    [["--metrics", "statsd"], "It takes none, prometheus or otlp."],
    [["--metrics", "otlp"], "needs --metrics-endpoint"],
    [["--metrics", "prometheus", "--metrics-endpoint", "http://c:4317"], "does not go with --metrics prometheus"],
    [["--metrics", "otlp", "--metrics-endpoint", "collector:4317"], "no http or https URL"],
    [
      ["--metrics", "otlp", "--metrics-endpoint", "http://c:4317", "--knative-version", "1.18"],
      "does not go with Knative 1.18",
    ],
  ])("%j: exit 2", async (args, words) => {
    const dead = await kn({ kubeconfig: "/nowhere", standIns: true }, ["render", ...PLAIN, ...args]);
    expect([dead.code, dead.stderr.replace(/\s+/g, " ")]).toEqual([2, expect.stringContaining(words)]);
  });
});
