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

  it("is installed, and a second run is silent", async () => {
    const first = await run(["install", "--yes", "--tls", "none", "--logging", "fluent-bit"]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout.replace(/\s+/g, " ")).toContain("so namespace kube-logging allows privileged pods");
    expect(dataOf(inLogging("ConfigMap", "fluent-bit"))["fluent-bit.yaml"]).toContain("name: stdout");
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
  });

  it("shows an output what the environment says, keeps it, and never prints it", async () => {
    const env = { LOGGING_USERNAME: "knative", LOGGING_PASSWORD: "not-to-be-seen" };
    const first = await run(["install", "--yes", ...LOKI], env);
    expect(first.code, first.stderr).toBe(0);
    expect(`${first.stdout}${first.stderr}`).not.toContain("not-to-be-seen");
    const text = dataOf(inLogging("ConfigMap", "fluent-bit"))["fluent-bit.yaml"] ?? "";
    expect(text).toContain("$" + "{LOGGING_PASSWORD}");
    expect(text).not.toContain("not-to-be-seen");
    expect(JSON.stringify(at(pods(), "env"))).toContain("fluent-bit-credentials");
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
    expect((await run(["plan", "--exit-code"], env)).code).toBe(0);
    expect((await run(["plan", "--exit-code"], { ...env, LOGGING_PASSWORD: "another" })).code).toBe(3);
  });

  it("goes with another choice, and leaves nothing", async () => {
    const gone = await run(["install", "--yes", "--logging", "none"]);
    expect(gone.code, gone.stderr).toBe(0);
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kube-logging" })).toBeUndefined();
    expect((await run(["plan", "--exit-code"])).code).toBe(0);
  });
});
