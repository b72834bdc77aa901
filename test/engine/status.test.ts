import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Obj } from "../../src/sandbox/types.ts";
import { patient } from "../patience.ts";
import { kn, type Stage, stage } from "./cli.ts";

/** What `status` says about the Services of a cluster, and its exit code. */

const service = (namespace: string, name: string, image = "ghcr.io/knative/helloworld-go"): Obj => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { namespace, name },
  spec: { template: { spec: { containers: [{ image }] } } },
});

describe("status with Services that are not ready", () => {
  let world: Stage & Awaited<ReturnType<typeof stage>>;
  const status = (...more: string[]) => kn(world, ["status", ...more]);
  const conditionOf = (namespace: string, kind: string, name: string, type: string): Obj | undefined =>
    world.api
      .get({ apiVersion: "serving.knative.dev/v1", kind, namespace, name })
      ?.status?.conditions?.find((condition: Obj) => condition.type === type);
  const isReady = (namespace: string, name: string): boolean =>
    conditionOf(namespace, "Service", name, "Ready")?.status === "True";

  beforeAll(async () => {
    const pull = (image: string): string | undefined => (image.includes("missing") ? `${image}: not found` : undefined);
    world = { ...(await stage({ pull })), standIns: true };
    expect((await kn(world, ["install", "--yes"])).code).toBe(0);
    await world.api.create("test", service("default", "fine"));
  });
  afterAll(() => world.close());

  it("is well while all are ready, with or without pods", async () => {
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      namespace: "default",
      name: "fine-00001-deployment",
    };
    await expect.poll(() => world.api.get(deployment)?.spec.replicas).toBe(0);
    await expect.poll(() => isReady("default", "fine")).toBe(true);
    const one = await status();
    expect(one.code, one.stdout).toBe(0);
    expect(one.stdout).toMatch(/Services +1, ready/);
    expect((await status("--services")).stdout).toMatch(/default\/fine +ready +scaled to zero +https:/);
  });

  it("is not well when some are not, counts them and says how to see them", async () => {
    const quota = (namespace: string, hard: Record<string, string>): Obj => ({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { namespace, name: "q" },
      spec: { hard },
    });
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    for (const [name, labels] of [["secure", restricted] as const, ["full", {}] as const])
      await world.api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    const account = (namespace: string) => ({ apiVersion: "v1", kind: "ServiceAccount", namespace, name: "default" });
    await expect.poll(() => world.api.get(account("secure")) && world.api.get(account("full"))).toBeDefined();
    await world.api.create("test", quota("full", { pods: "0" }));
    await world.api.create("test", service("secure", "refused"));
    await world.api.create("test", service("full", "crowded"));
    await world.api.create("test", service("default", "lost", "registry.example.com/missing:1"));
    const isFailed = (namespace: string, name: string): boolean =>
      conditionOf(namespace, "Service", name, "Ready")?.reason === "RevisionMissing" &&
      conditionOf(namespace, "Service", name, "RoutesReady")?.status === "False";
    await expect
      .poll(() => isFailed("secure", "refused") && isFailed("full", "crowded") && isFailed("default", "lost"))
      .toBe(true);
    const plain = await status();
    expect(plain.code).toBe(1);
    expect(plain.stdout).toMatch(/Health +every Deployment is available/);
    expect(plain.stdout).toMatch(/Services +3 of 4 not ready; kn-bootstrap status --services says why/);
  });

  it("says of each the deepest cause, and what helps", async () => {
    const told = await status("--services");
    expect(told.code).toBe(1);
    const text = told.stdout.replaceAll(/\s+/g, " ");
    expect(text).not.toContain("RevisionMissing");
    expect(text).toMatch(/default\/fine ready/);
    expect(text).toMatch(
      /full\/crowded not ready no pods https:\S+ may not make pods: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0 Raise ResourceQuota q/,
    );
    expect(text).toContain("kubectl describe resourcequota q -n full");
    expect(text).toMatch(
      /default\/lost not ready .*cannot get its image: 404 from registry\.example\.com \(manifest unknown\) Give the Service an image/,
    );
    expect(text).toMatch(/secure\/refused not ready .*may not make pods: violates PodSecurity "restricted:latest"/);
    expect(text).toContain("kubectl patch configmap config-features");
  });

  it("says the same in YAML, and version says which versions take part", async () => {
    expect((await status("-o", "yaml")).stdout).toMatch(/^type: status\n[\s\S]*knativeServices:\n {2}total: 4\n/);
    const { code, stdout } = await kn(world, ["version"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Cluster +rehearsal .*Kubernetes 1\.36[\s\S]*Installed +serving 1\.\d+\.\d+, net-kourier/);
  });

  it("says the same in JSON", async () => {
    const told = await status("--services", "-o", "json");
    expect(told.code).toBe(1);
    expect(told.events.find(({ type }) => type === "status")).toMatchObject({
      knativeServices: { total: 4, notReady: 3 },
      services: [
        { namespace: "default", name: "fine", ready: true, reason: "" },
        {
          name: "lost",
          ready: false,
          reason: "cannot get its image: 404 from registry.example.com (manifest unknown)",
        },
        {
          name: "crowded",
          ready: false,
          reason: "may not make pods: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
          remedy: { command: "kubectl describe resourcequota q -n full" },
        },
        { name: "refused", ready: false, reason: expect.stringContaining("violates PodSecurity") },
      ],
    });
  });

  it("finds the cause still when Knative has given up and says only that", async () => {
    await expect
      .poll(() => conditionOf("full", "Revision", "crowded-00001", "Ready")?.message, { timeout: patient(20_000) })
      .toBe("Initial scale was never achieved");
    const text = (await status("--services")).stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      "may not make pods: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0 (Initial scale was never achieved)",
    );
  });

  it("is well again when they are gone", async () => {
    for (const [namespace, name] of [
      ["secure", "refused"] as const,
      ["full", "crowded"] as const,
      ["default", "lost"] as const,
    ])
      await world.api.remove({ apiVersion: "serving.knative.dev/v1", kind: "Service", namespace, name });
    await expect.poll(async () => (await status()).code).toBe(0);
  });
});

describe("status of a gateway's certificate", () => {
  let world: Stage & Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    world = { ...(await stage()), standIns: true };
    expect((await kn(world, ["install", "--yes"])).code).toBe(0);
  });
  afterAll(() => world.close());

  it("is not well without it, until install has made it again", async () => {
    expect((await kn(world, ["status"])).stdout).toMatch(/Certificate +\*\./);
    await world.api.remove({ apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" });
    const without = await kn(world, ["status"]);
    expect(without.stdout.replace(/\s+/g, " ")).toContain(
      "Health Secret kn-bootstrap/wildcard-tls: there is no certificate in it; kn-bootstrap install makes it again",
    );
    expect(without.code).toBe(1);
    expect((await kn(world, ["install", "--yes"])).code).toBe(0);
    expect((await kn(world, ["status"])).code).toBe(0);
  });
});
