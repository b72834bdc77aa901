import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, dataOf } from "../../src/ports/object.ts";
import { kn, stage } from "../engine/cli.ts";

type World = Awaited<ReturnType<typeof stage>>;

describe("--logging elasticsearch", () => {
  let world: World;
  beforeAll(async () => {
    world = await stage();
  });
  afterAll(() => world.close());

  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
  const inLogging = (kind: string, name: string, apiVersion = "v1") =>
    world.api.get({ apiVersion, kind, namespace: "kube-logging", name });
  const secret = () => dataOf(inLogging("Secret", "elastic-credentials"));
  let first: Readonly<Record<string, string>> = {};

  it("is installed, and finds the log of the proof's request in it", async () => {
    const outcome = await run("install", "--yes", "--tls", "none", "--logging", "elasticsearch");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr.replace(/\s+/g, " ")).toMatch(
      /the log of a request has arrived: status 200, latency [\d.e-]+s/,
    );
    first = secret();
    const password = Buffer.from(first.password ?? "", "base64").toString();
    expect(password.length).toBeGreaterThan(20);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(password);
    expect(inLogging("Job", "logging-proof", "batch/v1")).toBeUndefined();
  });

  it("is silent the second time, and keeps its passwords whatever changes", async () => {
    expect((await run("plan", "--exit-code")).code).toBe(0);
    const lines = (await run("status", "-o", "json")).stdout.trim().split("\n");
    const { logging, problems } = lines.map((line) => JSON.parse(line)).find(({ type }) => type === "status");
    expect([problems, logging.uis.length, logging.requestLogs]).toEqual([[], 1, true]);
    expect(logging.volumes).toEqual([
      { claim: "data-elasticsearch-0", size: "10Gi", storageClass: "standard", bound: true, used: expect.any(Number) },
    ]);
    const changed = await run("install", "--yes", "--logging-retention", "3");
    expect(changed.code, changed.stderr).toBe(0);
    expect(dataOf(inLogging("ConfigMap", "filebeat"))["policy.json"]).toContain('"min_age": "3d"');
    expect(secret()).toEqual(first);
    expect(at(inLogging("StatefulSet", "elasticsearch", "apps/v1"), "spec", "replicas")).toBe(1);
  });
});

describe("a cluster that is too small for Elasticsearch", () => {
  it("is said to be so before anything is changed", async () => {
    const world = await stage({ nodes: [{ name: "small", cpu: "4", memory: "4Gi", internalIP: "127.0.0.1" }] });
    try {
      const plan = await kn({ ...world, standIns: true }, ["plan", "--tls", "none", "--logging", "elasticsearch"]);
      expect(plan.stderr.replace(/\s+/g, " ")).toMatch(
        /no node has room for .*: all that is to be installed asks for 1\.9 vCPU and 4\.8 GiB of memory/,
      );
    } finally {
      await world.close();
    }
  });
});

describe("Elasticsearch in a cluster without a StorageClass", () => {
  it("says why its claim is not bound, and goes on when there is one", async () => {
    const world = await stage({ storage: "none" });
    try {
      const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
      const options = ["--tls", "none", "--logging", "elasticsearch"];
      const stuck = await run("install", "--yes", "--timeout", "8", ...options);
      expect(stuck.code).toBe(1);
      expect(stuck.stderr.replace(/\s+/g, " ")).toMatch(
        /PersistentVolumeClaim kube-logging\/data-elasticsearch-0 is not bound: no persistent volumes available.*--logging-storage-class/,
      );
      await world.api.create("kubectl", {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "fast", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
        provisioner: "csi.example.com",
      });
      const again = await run("install", "--yes", ...options);
      expect(again.code, again.stderr).toBe(0);
    } finally {
      await world.close();
    }
  });
});

describe("Elasticsearch's logs, when it goes", () => {
  let world: World;
  beforeAll(async () => {
    world = await stage();
  });
  afterAll(() => world.close());
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);
  const names = (kind: string) => world.api.list("v1", kind, "kube-logging").map(({ metadata }) => metadata.name);

  it("refuses fewer nodes and other volumes, and says what is there already", async () => {
    await world.api.create("helm", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "default", name: "loki", labels: { "app.kubernetes.io/name": "loki" } },
      spec: { selector: { app: "loki" }, ports: [{ port: 3100 }] },
    });
    const options = ["--tls", "none", "--logging", "elasticsearch", "--logging-replicas", "2", "--profile", "small"];
    const first = await run("install", "--yes", ...options);
    expect(first.code, first.stderr).toBe(0);
    const told = first.stdout.replace(/\s+/g, " ");
    expect(told).toContain("loki default/loki is there already");
    expect(told).toContain("--logging-output loki --logging-url http://loki.default.svc:3100");
    expect(told).toContain("elasticsearch 2 times 1Gi, kibana 768Mi, filebeat 100Mi on each node");
    expect((await run("plan", "--exit-code")).code).toBe(0);
    for (const [option, why] of [
      [["--logging-replicas", "1"], /has 2 nodes/],
      [["--logging-storage", "20Gi"], /cannot be changed/],
    ] as const) {
      const refused = await run("install", "--yes", ...option);
      expect({ code: refused.code, stderr: refused.stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(why),
      });
    }
  });

  it("stay with their passwords, also through an uninstall; a purge takes them", async () => {
    const gone = await run("uninstall", "--yes");
    expect(gone.code, gone.stderr).toBe(0);
    expect(gone.stdout.replace(/\s+/g, " ")).toContain(
      "The stored logs stay: claims data-elasticsearch-0, data-elasticsearch-1",
    );
    expect(names("PersistentVolumeClaim")).toEqual(["data-elasticsearch-0", "data-elasticsearch-1"]);
    expect(names("Secret")).toEqual(["elastic-credentials"]);
    expect(names("ConfigMap").filter((name) => name !== "kube-root-ca.crt")).toEqual([]);
    const purged = await run("uninstall", "--yes", "--purge");
    expect(purged.code, purged.stderr).toBe(0);
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "kube-logging" })).toBeUndefined();
  });
});
