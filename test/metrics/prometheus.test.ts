import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ingressProvider } from "../../src/ingress/index.ts";
import { dashboardSections } from "../../src/metrics/dashboard.ts";
import { metricsOf } from "../../src/metrics/names.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { WITH_SERVERS } from "../real/programs.ts";
import { hasPrometheus, startPrometheus } from "../real/prometheus.ts";
import { thoroughly } from "../thorough.ts";
import { annotatedPods, bringStack, filesFor, jobsFor } from "./operator.ts";
import { bringServices, filledIn, traffic, unanswered } from "./traffic.ts";

const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none", "--skip-checks", "proof.zero"];

type Place = Awaited<ReturnType<typeof stage>>;

const openPlace = async (version: string, ingress: string, hasOperator: boolean): Promise<Place> => {
  const world = await stage({ pace: 20 });
  if (hasOperator) await bringStack(world);
  const args = ["--ingress", ingress, "--metrics", "prometheus", "--knative-version", version];
  const installed = await kn({ ...world, standIns: true }, ["install", "--yes", ...PLAIN, ...args, "-o", "json"]);
  expect(installed.code, installed.stderr + installed.stdout).toBe(0);
  await bringServices(world);
  return world;
};

/** All that is shown at a port of the pods, by promtool's own reader. */
const faultsIn = (text: string): readonly string[] => {
  const { status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], {
    input: text,
    env: WITH_SERVERS,
    encoding: "utf8",
  });
  // 3: it can be read, and is not as it should be called, which is Knative's own matter.
  return status === 0 || status === 3 ? [] : [`${status}: ${stderr}${stdout}`];
};

const texts = async ({ api }: Place): Promise<readonly string[]> => {
  const pods = api.list("v1", "Pod").filter(({ status }) => status?.phase === "Running");
  const answers = await Promise.all(
    pods.flatMap(({ metadata: { namespace, name } }) =>
      [9000, 9090, 9091, 15_090].map((port) =>
        api.request({ method: "GET", path: `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/metrics` }),
      ),
    ),
  );
  return answers.flatMap(({ status, body }) =>
    status === 200 && String(body).startsWith("# HELP") ? [String(body)] : [],
  );
};

const ROWS = thoroughly(
  [
    { version: "1.23", ingress: "kourier", hasOperator: true },
    { version: "1.18", ingress: "istio", hasOperator: true },
  ],
  // What differs with the ingress is the gateway's section, which is the same for every version.
  (["kourier", "istio"] as const).flatMap((ingress) =>
    (ingress === "kourier" ? ["1.18", "1.19", "1.19.7", "1.20", "1.21", "1.22", "1.23"] : ["1.18", "1.23"]).map(
      (version) => ({
        version,
        ingress,
        hasOperator: true,
      }),
    ),
  ),
);

describe.skipIf(!hasPrometheus)("a real Prometheus", () => {
  it.each(ROWS)(
    "answers every question of the dashboard for $version with $ingress",
    { timeout: patient(120_000) },
    async ({ version, ingress }) => {
      const world = await openPlace(version, ingress, true);
      const prometheus = await startPrometheus(jobsFor(world.api, "stack"), filesFor(world.api));
      const stops: (() => Promise<void>)[] = [];
      try {
        const stop = new AbortController();
        const sending = traffic(world, stop.signal);
        stops.push(async () => {
          stop.abort();
          await sending;
        });
        const serving = world.api.get({
          apiVersion: "apps/v1",
          kind: "Deployment",
          namespace: "knative-serving",
          name: "controller",
        });
        const release = serving?.metadata.labels?.["app.kubernetes.io/version"] ?? "";
        const { metrics } = ingressProvider(ingress);
        const panels = dashboardSections(release, metrics).flatMap((section) => section.panels);
        await expect
          .poll(() => unanswered(prometheus, panels), { timeout: patient(30_000), interval: 1_000 })
          .toEqual([]);
        const targets = await prometheus.targets();
        expect(
          targets.filter((target) => !target.endsWith(": up")),
          targets.join("\n"),
        ).toEqual([]);
        const names = new Set((await prometheus.query('{__name__=~".+"}')).map(({ metric }) => metric.__name__));
        const missing = metricsOf(release).flatMap(({ name, type }) =>
          names.has(type === "histogram" ? `${name}_count` : name) ? [] : [name],
        );
        expect(missing).toEqual([]);
        stop.abort();
        const sent = await sending;
        const [errors] = panels.filter(({ title }) => title === "Errors");
        const shares = await prometheus.query(filledIn(errors?.queries[0]?.expr ?? ""));
        const share = shares.find(({ metric }) => Object.values(metric).includes("bin"))?.value[1];
        // It has not seen the last ones of a few yet.
        expect(Math.abs(Number(share) - (sent.failed ?? 0) / (sent.bin ?? 1))).toBeLessThan(0.2);
        const shown = await texts(world);
        expect(shown.length).toBeGreaterThan(5);
        expect(shown.flatMap(faultsIn)).toEqual([]);
      } finally {
        for (const end of stops) await end();
        await prometheus.close();
        await world.close();
      }
    },
  );

  it("finds Knative's processes and the gateway by their annotations where no operator is", {
    timeout: patient(60_000),
  }, async () => {
    const world = await openPlace("1.23", "kourier", false);
    const prometheus = await startPrometheus([annotatedPods(world.api)], filesFor(world.api));
    try {
      await expect
        .poll(
          async () =>
            (await prometheus.query("up == 1"))
              .map(({ metric }) => metric.pod?.replace(/-[a-z0-9]+-[a-z0-9]+$/, ""))
              .sort(),
          { timeout: patient(15_000) },
        )
        .toEqual([
          "3scale-kourier-gateway",
          "activator",
          "autoscaler",
          "controller",
          "net-kourier-controller",
          "webhook",
        ]);
    } finally {
      await prometheus.close();
      await world.close();
    }
  });
});
