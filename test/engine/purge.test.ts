import { afterEach, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { byWave } from "../../src/kube/inventory.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { until } from "../sandbox/install.ts";
import { kn, stage } from "./cli.ts";
import { openOutside } from "./option-sets.ts";

const SERVING = "knative-serving";
type World = Awaited<ReturnType<typeof stage>>;

const namespace = (name: string): Obj => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const configMap = (space: string, name: string, labels?: Record<string, string>): Obj => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: space, ...(labels ? { labels } : {}) },
  data: { a: "b" },
});

describe("namespaces that somebody made before", () => {
  let world: World;
  afterEach(() => world.close());
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);

  it("stay, without what was put into them: keys first, and the rest; --purge says so", async () => {
    world = await stage();
    const spaces = ["kn-bootstrap", SERVING, "kourier-system"];
    for (const name of spaces) await world.api.create("somebody", namespace(name));
    await world.api.create("somebody", configMap("kn-bootstrap", "mine"));
    await world.api.create("somebody", configMap(SERVING, "mine"));
    const inside = () =>
      [
        ["v1", "Secret"],
        ["v1", "ConfigMap"],
        ["v1", "Service"],
        ["v1", "Endpoints"],
        ["v1", "ServiceAccount"],
        ["discovery.k8s.io/v1", "EndpointSlice"],
        ["coordination.k8s.io/v1", "Lease"],
        ["apps/v1", "Deployment"],
      ].flatMap(([apiVersion = "", kind = ""]) =>
        spaces.flatMap((space) =>
          world.api.list(apiVersion, kind, space).map(({ metadata }) => `${kind} ${space}/${metadata.name}`),
        ),
      );
    await expect.poll(() => inside().length).toBe(2 + 2 * spaces.length);
    const before = inside();
    const labels = world.api.list("v1", "Namespace").map(({ metadata }) => metadata.labels);
    const install = await run("install", "--yes");
    expect(install.code, install.stderr).toBe(0);

    const kept = await run("uninstall", "--yes");
    expect(kept.code, kept.stderr).toBe(0);
    expect(inside().filter((name) => !before.includes(name))).toEqual([
      "Secret kn-bootstrap/self-signed-root",
      "Secret kn-bootstrap/wildcard-tls",
      "ConfigMap kn-bootstrap/state",
    ]);
    expect((await run("status")).stdout).toContain("not installed");

    const purged = await run("uninstall", "--yes", "--purge");
    expect(purged.code, purged.stderr).toBe(0);
    expect(purged.stdout).toContain("Namespace kn-bootstrap stays");
    expect(purged.stdout).toMatch(/- Secret .*wildcard-tls\n.*- ConfigMap kn-bootstrap\/state/);
    expect(purged.stdout.replace(/\s+/g, " ")).toContain(
      "Nothing of kn-bootstrap is left in this cluster; namespace kn-bootstrap itself is somebody else's.",
    );
    expect(inside()).toEqual(before);
    expect(world.api.list("v1", "Namespace").map(({ metadata }) => metadata.labels)).toEqual(labels);
  });

  it("--purge says what is left when something is", async () => {
    world = await stage();
    const install = await run("install", "--yes");
    expect(install.code, install.stderr).toBe(0);
    const newer = configMap("default", "of-a-newer-version", { "kn-bootstrap/step": "something-new" });
    await world.api.create("kn-bootstrap", newer);
    const purged = await run("uninstall", "--yes", "--purge");
    expect(purged.code, purged.stderr).toBe(0);
    expect(purged.stdout).not.toContain("Nothing of kn-bootstrap");
    expect(purged.stdout).toMatch(
      /This of kn-bootstrap is left: 1 ConfigMap\.\s+kubectl get configmap -A -l kn-bootstrap\/step/,
    );
  });

  it("--purge says so when it could not read what is left", async () => {
    const isGone = (): boolean => !world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kn-bootstrap" });
    let installed = false;
    world = await stage({
      onRequest: ({ query }) => {
        if (!installed || !query?.labelSelector || !isGone()) return undefined;
        const body = {
          kind: "Status",
          apiVersion: "v1",
          status: "Failure",
          reason: "Forbidden",
          code: 403,
          message: "no",
        };
        return { status: 403, body };
      },
    });
    const install = await run("install", "--yes");
    expect(install.code, install.stderr).toBe(0);
    installed = true;
    const purged = await run("uninstall", "--yes", "--purge");
    expect(purged.code, purged.stderr).toBe(0);
    expect(purged.stdout).not.toContain("Nothing of kn-bootstrap");
    expect(purged.stdout.replace(/\s+/g, " ")).toContain("whether anything is left could not be read");
  });

  it("--purge does not take what somebody put into our namespace", async () => {
    world = await stage();
    const install = await run("install", "--yes");
    expect(install.code, install.stderr).toBe(0);
    await world.api.create("somebody", configMap("kn-bootstrap", "mine"));
    const refused = await run("uninstall", "--yes", "--purge");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("  kubectl delete configmap -n kn-bootstrap mine\n");
    const removed = await run("uninstall", "--yes");
    expect(removed.code, removed.stderr).toBe(0);
    const again = await run("uninstall", "--yes", "--purge");
    expect(again.code, again.stdout).toBe(2);
  });
});

describe("a cert-manager that somebody installed", () => {
  it("stays, without the account's key and what else was put into its namespace", async () => {
    const { internet, caFile } = await openOutside();
    const world = await stage({ certManager: internet.door });
    const run = (...args: string[]) => kn({ ...world, standIns: true, internet }, args);
    const cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    const objects = standInObjects("cert-manager", "1.18.0", "cert-manager.yaml") as unknown as KubeObject[];
    for (const object of objects.toSorted(byWave)) await cluster.apply(object, { manager: "kubectl" });
    cluster.close();
    const lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace: "kube-system",
      name: "cert-manager-controller",
    };
    await until(world, "cert-manager leads", () => world.api.get(lease));
    const secrets = () =>
      world.api.list("v1", "Secret").map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    await until(world, "cert-manager's webhook", () => secrets().length > 0);
    const before = secrets();

    const options = ["--dns", "rfc2136", "--domain", "apps.example.com", "--tls", "cert-manager"];
    const ca = ["--acme-directory", internet.acme.directory, "--acme-ca-file", caFile];
    const install = await run("install", "--yes", ...options, ...ca);
    expect(install.code, install.stderr).toBe(0);
    expect(secrets()).toContain("cert-manager/kn-bootstrap-account");
    const uninstall = await run("uninstall", "--yes", "--purge");
    expect(uninstall.code, uninstall.stderr).toBe(0);
    expect(uninstall.stdout).toContain("Nothing of kn-bootstrap is left in this cluster.");
    expect(secrets()).toEqual(before);
    expect(world.api.get(lease)).toBeDefined();
    await world.close();
    await internet.close();
  });
});
