import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { byWave } from "../../src/core/inventory.ts";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import { kn, stage } from "./cli.ts";

describe("a Knative that somebody installed with kubectl", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
  const config = (name: string) =>
    dataOf(
      world.api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name }) as
        | KubeObject
        | undefined,
    );

  beforeAll(async () => {
    world = await stage();
    const cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    const objects = [
      ...standInObjects("serving", "1.23.0", "serving-crds.yaml"),
      ...standInObjects("serving", "1.23.0", "serving-core.yaml"),
    ] as KubeObject[];
    for (const object of objects.toSorted(byWave)) {
      if (object.apiVersion.startsWith("networking.internal")) continue;
      await cluster.apply(object, { manager: "kubectl" });
    }
    cluster.close();
    await world.api.update(
      "kubectl-edit",
      { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" },
      (draft) => {
        draft.data["ingress-class"] = "contour.ingress.networking.knative.dev";
      },
    );
    await world.api.update(
      "kubectl-edit",
      { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-domain" },
      (draft) => {
        draft.data["theirs.example.com"] = "";
      },
    );
  });
  afterAll(() => world.close());

  it("is left alone without --take-ownership", async () => {
    const outcome = await run("install", "--yes");
    expect(outcome.code).toBe(2);
    expect(outcome.stderr.replace(/\s+/g, " ")).toMatch(/installed with kubectl.*--take-ownership/);
    expect(config("config-network")["ingress-class"]).toMatch(/^contour/);
  });

  it("shows every foreign field with its owner", async () => {
    const plan = await run("plan", "--take-ownership");
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toMatch(/config-network[\s\S]*contour\.ingress[\s\S]*kubectl-edit/);
    expect(plan.stdout).toMatch(/theirs\.example\.com/);
  });

  it("is taken over, and then there is nothing to do", async () => {
    const outcome = await run("install", "--yes", "--take-ownership");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(config("config-network")["ingress-class"]).toMatch(/^kourier/);
    const again = await run("plan", "--exit-code", "--take-ownership");
    expect(again.code, again.stdout).toBe(0);
  });

  it("uninstall takes away what kn-bootstrap made, and gives back what it changed", async () => {
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kourier-system" })).toBeUndefined();
    expect(
      world.api.get({ apiVersion: "apps/v1", kind: "Deployment", namespace: "knative-serving", name: "controller" }),
    ).toBeDefined();
    expect(config("config-network")["ingress-class"]).toMatch(/^contour/);
    expect(config("config-network")).not.toHaveProperty("default-external-scheme");
    expect(Object.keys(config("config-domain")).filter((key) => !key.startsWith("_"))).toEqual(["theirs.example.com"]);
    expect((await run("uninstall")).stdout).toContain("Nothing to remove");
  });
});
