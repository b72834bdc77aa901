import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataOf } from "../../src/ports/object.ts";
import { kn, stage } from "../engine/cli.ts";

type World = Awaited<ReturnType<typeof stage>>;

describe("--logging request-logs", () => {
  let world: World;
  beforeAll(async () => {
    world = await stage();
  });
  afterAll(() => world.close());

  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
  const configuration = () =>
    dataOf(
      world.api.get({
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: "knative-serving",
        name: "config-observability",
      }),
    );
  const text = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(...args);
    return `${stdout}${stderr}`.replace(/\s+/g, " ");
  };

  it("is silent where nobody has deployed, and pins no template", async () => {
    const first = await text("install", "--yes", "--tls", "none", "--logging", "request-logs");
    expect(first).not.toContain(" roll, ");
    expect(configuration()["logging.enable-request-log"]).toBe("true");
    expect(configuration()).not.toHaveProperty(["logging.request-log-template"]);
    expect((await run("plan", "--exit-code")).code).toBe(0);
  });

  it("says how many revisions roll where somebody has, on the way there and back", async () => {
    await world.api.create("kn", {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: {
        template: {
          metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } },
          spec: { containers: [{ image: "ghcr.io/knative/helloworld-go:latest" }] },
        },
      },
    });
    await expect.poll(() => world.api.list("apps/v1", "Deployment", "default").length).toBe(1);
    const rolls = /1 of 1 revision roll, 1 pod is replaced/;
    expect(await text("plan", "--logging", "none")).toMatch(rolls);
    expect(await text("install", "--yes", "--logging", "none")).toMatch(rolls);
    expect(await text("plan", "--logging", "request-logs")).toMatch(rolls);
    expect(await text("plan", "--hpa")).not.toContain(" roll, ");
  });
});
