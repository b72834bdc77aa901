import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patientSeconds } from "../patience.ts";
import { kn, stage } from "./cli.ts";

const present = spawnSync("kubectl", ["version", "--client"]).status === 0;
if (!present) process.stderr.write("skipped: kubectl is not on PATH\n");

describe.runIf(present)("kubectl reads the rehearsal world", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  const kubectl = async (...args: string[]): Promise<string> =>
    (
      await promisify(execFile)("kubectl", args, {
        env: { ...process.env, KUBECONFIG: world.kubeconfig },
        maxBuffer: 2 ** 26,
      })
    ).stdout;

  beforeAll(async () => {
    world = await stage();
    expect((await kn({ ...world, standIns: true }, ["install", "--yes"])).code).toBe(0);
    const template = { spec: { containers: [{ image: "ghcr.io/knative/helloworld-go:latest" }] } };
    await world.api.create("kn", {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { template },
    });
  });
  afterAll(() => world.close());

  it("get ksvc,deploy,cm -A -o yaml", async () => {
    const yaml = await kubectl("get", "ksvc,deploy,cm", "-A", "-o", "yaml");
    expect(yaml).toMatch(/kind: Service[\s\S]*name: shop/);
    expect(yaml).toContain("name: net-kourier-controller");
    expect(yaml).toContain("name: config-domain");
  });

  it("wait, rollout status and api-resources", async () => {
    expect(await kubectl("wait", "ksvc/shop", "--for=condition=Ready", `--timeout=${patientSeconds(20)}`)).toContain(
      "condition met",
    );
    expect(
      await kubectl(
        "rollout",
        "status",
        "deployment/activator",
        "-n",
        "knative-serving",
        `--timeout=${patientSeconds(20)}`,
      ),
    ).toContain("successfully rolled out");
    expect(await kubectl("api-resources", "--api-group=serving.knative.dev", "-o", "name")).toContain(
      "services.serving.knative.dev",
    );
  });
});
