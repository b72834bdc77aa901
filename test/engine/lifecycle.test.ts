import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { kn, type Outcome, type Stage, stage } from "./cli.ts";

const UPSTREAM = resolve(import.meta.dirname, "../../../shared/upstream");
const given = process.env.KN_TEST_KUBECONFIG;
const hasUpstream = existsSync(join(UPSTREAM, "serving"));
if (!hasUpstream)
  process.stderr.write(
    "skipped: the real manifests are not beside this repository (../shared/upstream); stand-ins only\n",
  );
if (given) process.stderr.write(`the engine's suite runs against the cluster of ${given}\n`);

const releases = [
  { title: "stand-ins for 1.23", version: "1.23.0", args: ["--knative-version", "1.23"], standIns: true, here: !given },
  {
    title: "the real 1.23.0",
    version: "1.23.0",
    args: ["--knative-version", "1.23", "--manifests", UPSTREAM],
    standIns: false,
    here: hasUpstream,
  },
  {
    title: "the real 1.22.1",
    version: "1.22.1",
    args: ["--knative-version", "1.22", "--manifests", UPSTREAM],
    standIns: false,
    here: hasUpstream && !given,
  },
];

const types = (outcome: Outcome): string[] => outcome.events.map((event) => String(event.type));

describe.each(releases.filter(({ here }) => here))("$title", ({ version, args, standIns }) => {
  let world: Stage & { close?: () => Promise<void> };
  const run = (...more: string[]) => kn(world, more);
  const install = (...more: string[]) => run("install", "--yes", ...args, ...more);

  beforeAll(async () => {
    world = given ? { kubeconfig: given } : { ...(await stage()), standIns };
  });
  afterAll(() => world.close?.());

  it("plans, and changes nothing by that", async () => {
    const plan = await run("plan", "--exit-code", ...args);
    expect(plan.code, plan.stderr).toBe(3);
    expect(plan.stats.writes).toBe(0);
    expect(plan.stdout).toMatch(/\+ Namespace.*knative-serving/);
    expect(plan.stdout).toContain("known after apply: the address of Kourier");
  });

  it("installs, and proves it by an https request that verifies", async () => {
    const outcome = await install("-o", "json");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(types(outcome)).toContain("report");
    expect(outcome.stderr).toMatch(/Prove it: a Service answers https.*from zero/s);
  });

  it("has nothing to do the second time: one list per kind, no write", async () => {
    const again = await install();
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain("Nothing to do");
    expect(again.stats.writes).toBe(0);
    expect(Object.entries(again.stats.lists).filter(([, count]) => count > 1)).toEqual([]);
  });

  it("plans nothing then, with exit code 0", async () => {
    expect((await run("plan", "--exit-code", ...args)).code).toBe(0);
  });

  it("shows its status on one screen", async () => {
    const status = await run("status", "--services");
    expect(status.code, status.stderr + status.stdout).toBe(0);
    expect(status.stdout).toContain(version);
    expect(status.stdout).toMatch(/https:\/\/<service>-<namespace>\./);
    expect(status.stdout).toMatch(/Certificate +\*\.[^;]+; 39\d days left/);
    expect(status.stdout).toContain("every Deployment is available");
  });

  it("repairs what somebody took away, and nothing else", async () => {
    const target = await loadKubeconfig({ path: world.kubeconfig, env: {} });
    const cluster = openCluster(target);
    await cluster.remove(
      { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-features" },
      {},
    );
    cluster.close();
    const plan = await run("plan", ...args);
    expect(plan.stdout).toContain("ConfigMap knative-serving/config-features");
    expect(plan.stdout).toContain("Plan: 1 to create, 1 to update, 0 to delete");
    expect((await install()).code).toBe(0);
  });

  it("uninstalls everything it made, and keeps namespace kn-bootstrap", async () => {
    const outcome = await run("uninstall", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    const target = await loadKubeconfig({ path: world.kubeconfig, env: {} });
    const cluster = openCluster(target);
    const kinds = (await cluster.resources()).filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"));
    const left = (await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })))).flat();
    cluster.close();
    const names = left.filter(
      ({ metadata, kind }) =>
        /knative|kourier|kn-bootstrap/.test(`${metadata.namespace} ${metadata.name}`) && kind !== "Event",
    );
    expect(names.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`).sort()).toEqual([
      "ConfigMap kn-bootstrap/kube-root-ca.crt",
      "ConfigMap kn-bootstrap/state",
      "Namespace /kn-bootstrap",
      "Secret kn-bootstrap/self-signed-root",
      "Secret kn-bootstrap/wildcard-tls",
      "ServiceAccount kn-bootstrap/default",
    ]);
  });

  it("has nothing to remove the second time, and purges on request", async () => {
    expect((await run("uninstall")).stdout).toContain("Nothing to remove");
    const purged = await run("uninstall", "--purge", "--yes");
    expect(purged.code, purged.stderr).toBe(0);
    expect((await run("status")).stdout).toContain("not installed");
  });
});
