import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { byWave } from "../../src/kube/inventory.ts";
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

  it.each(["plan", "install"])(
    "is shown by %s with its owners, and left alone without --take-ownership",
    async (command) => {
      const outcome = await run(command, ...(command === "install" ? ["--yes"] : []));
      expect(outcome.code).toBe(2);
      expect(outcome.stdout.replace(/\s+/g, " ")).toMatch(
        /ingress-class belongs to kubectl-edit: "contour\.ingress\S+ → "kourier\.ingress.*theirs\.example\.com.*belongs to kubectl-edit/,
      );
      expect(outcome.stderr.replace(/\s+/g, " ")).toMatch(
        /installed with kubectl.*Nothing was changed.*--take-ownership/,
      );
      expect(config("config-network")["ingress-class"]).toMatch(/^contour/);
      expect(outcome.stats.writes).toBe(0);
    },
  );

  it("is shown as JSON before it is refused", async () => {
    const outcome = await run("plan", "-o", "json");
    expect(outcome.code).toBe(2);
    expect(outcome.events.map(({ type }) => type).filter((type) => type === "plan" || type === "error")).toEqual([
      "plan",
      "error",
    ]);
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

  it("what their controllers made stays; what ours left does not", () => {
    const leases = world.api.list("coordination.k8s.io/v1", "Lease", "knative-serving");
    const names = leases.map(({ metadata }) => metadata.name.split(".")[0]);
    expect(new Set(names)).toEqual(new Set(["autoscaler-bucket-00-of-01", "controller", "webhook"]));
    const bucket = {
      apiVersion: "v1",
      kind: "Service",
      namespace: "knative-serving",
      name: "autoscaler-bucket-00-of-01",
    };
    expect(world.api.get(bucket)).toBeDefined();
  });
});

describe("a Knative that the Knative operator keeps", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);

  beforeAll(async () => {
    world = await stage();
    const { api } = world;
    const group = "operator.knative.dev";
    await api.create("kubectl", {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `knativeservings.${group}` },
      spec: {
        group,
        names: { kind: "KnativeServing", plural: "knativeservings", singular: "knativeserving" },
        scope: "Namespaced",
        versions: [
          {
            name: "v1beta1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    });
    const objects = standInObjects("serving", "1.23.0", "serving-core.yaml").toSorted(byWave);
    await api.create("kubectl", { apiVersion: "v1", kind: "Namespace", metadata: { name: "knative-serving" } });
    // Its kind is served a moment after its CRD is there.
    const keeper = await vi.waitFor(() =>
      api.create("kubectl", {
        apiVersion: `${group}/v1beta1`,
        kind: "KnativeServing",
        metadata: { namespace: "knative-serving", name: "main" },
        spec: { ingress: { contour: { enabled: true } } },
      }),
    );
    // As manifestival writes them: by the operator's own manager, what is in a namespace owned by its object.
    const { apiVersion, kind, metadata } = keeper;
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true };
    for (const object of objects) {
      if (object.kind === "Namespace" || object.apiVersion.includes("internal.knative.dev")) continue;
      const made = structuredClone(object);
      if (made.metadata.namespace) made.metadata.ownerReferences = [owner];
      if (made.metadata.name === "config-network")
        made.data = { "ingress-class": "contour.ingress.networking.knative.dev" };
      await api.create("operator", made);
    }
  });
  afterAll(() => world.close());

  it.each([{ flags: [] }, { flags: ["--take-ownership"] }])(
    "is shown with its owners before it is refused, $flags",
    async ({ flags }) => {
      const outcome = await run("plan", ...flags);
      expect(outcome.code).toBe(2);
      expect(outcome.stdout.replace(/\s+/g, " ")).toMatch(/ingress-class belongs to operator: "contour/);
      expect(outcome.stderr.replace(/\s+/g, " ")).toMatch(
        /kept by the Knative operator \(KnativeServing knative-serving\/main\)/,
      );
      expect(outcome.stats.writes).toBe(0);
    },
  );
});
