import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, dataOf } from "../../src/ports/object.ts";
import { kn, stage } from "../engine/cli.ts";

type World = Awaited<ReturnType<typeof stage>>;

describe("--logging fluent-bit", () => {
  let world: World;
  beforeAll(async () => {
    world = await stage();
  });
  afterAll(() => world.close());

  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    kn({ ...world, standIns: true }, args, { env });
  const inLogging = (kind: string, name: string, apiVersion = "v1") =>
    world.api.get({ apiVersion, kind, namespace: "kube-logging", name });
  const pods = () => at(inLogging("DaemonSet", "fluent-bit", "apps/v1"), "spec", "template", "spec", "containers", 0);
  const LOKI = ["--logging-output", "loki", "--logging-url", "http://loki.monitoring:3100"];

  const standLoki = async () => {
    const labels = { app: "loki" };
    await world.api.create("helm", { apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring" } });
    await world.api.create("helm", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { namespace: "monitoring", name: "loki" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "loki", image: "grafana/loki:3.7.6", ports: [{ containerPort: 3100 }] }] },
        },
      },
    });
    await world.api.create("helm", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "monitoring", name: "loki" },
      spec: { selector: labels, ports: [{ port: 3100 }] },
    });
  };

  it("is installed, and a second run is silent", async () => {
    const first = await run(["install", "--yes", "--tls", "none", "--logging", "fluent-bit"]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr.replace(/\s+/g, " ")).toMatch(/the log of a request has arrived: status 200, latency/);
    expect(first.stdout.replace(/\s+/g, " ")).toContain("so namespace kube-logging allows privileged pods");
    expect(dataOf(inLogging("ConfigMap", "fluent-bit"))["fluent-bit.yaml"]).toContain("name: stdout");
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
  });

  it("shows an output what the environment says, keeps it, and never prints it", async () => {
    const env = { LOGGING_USERNAME: "knative", LOGGING_PASSWORD: "not-to-be-seen" };
    await standLoki();
    const first = await run(["install", "--yes", "--timeout", "60", ...LOKI], env);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr.replace(/\s+/g, " ")).toMatch(/the log of a request has arrived: status 200, latency/);
    expect(`${first.stdout}${first.stderr}`).not.toContain("not-to-be-seen");
    const text = dataOf(inLogging("ConfigMap", "fluent-bit"))["fluent-bit.yaml"] ?? "";
    expect(text).toContain("$" + "{LOGGING_PASSWORD}");
    expect(text).not.toContain("not-to-be-seen");
    expect(JSON.stringify(at(pods(), "env"))).toContain("fluent-bit-credentials");
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
    expect((await run(["plan", "--exit-code"], env)).code).toBe(0);
    expect((await run(["plan", "--exit-code"], { ...env, LOGGING_PASSWORD: "another" })).code).toBe(3);
  });

  it("says so where its output takes nothing, and finds the log once it does", async () => {
    const away = ["--logging-output", "http", "--logging-url", "http://nobody.monitoring:9880/knative"];
    const stuck = await run(["install", "--yes", "--timeout", "3", ...away]);
    expect(stuck.code).toBe(1);
    expect(stuck.stderr.replace(/\s+/g, " ")).toContain("its output does not take them");
  });

  it("goes with another choice, and leaves nothing", async () => {
    const gone = await run(["install", "--yes", "--logging", "none"]);
    expect(gone.code, gone.stderr).toBe(0);
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kube-logging" })).toBeUndefined();
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
  });
});
