import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refOf } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, type Stage, stage } from "./cli.ts";

const named = (apiVersion: string, kind: string, namespace: string, name: string, fields: object = {}): Obj => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  ...fields,
});
const NETWORKING = "networking.istio.io/v1beta1";
const ROUTE = { hosts: ["a.example.com"], http: [{ route: [{ destination: { host: "a" } }] }] };

describe("what others made of Istio's kinds, or in its namespace,", () => {
  let world: Stage & Awaited<ReturnType<typeof stage>>;
  const run = (...args: string[]) => kn({ ...world, standIns: true }, args);

  beforeAll(async () => {
    world = await stage();
    const outcome = await run("install", "--yes", "--ingress", "istio", "--tls", "none");
    expect(outcome.code, outcome.stderr).toBe(0);
  });
  afterAll(() => world.close());

  it.each([
    named(NETWORKING, "VirtualService", "default", "shop", { spec: ROUTE }),
    named(NETWORKING, "Gateway", "istio-system", "theirs", { spec: { selector: { istio: "x" }, servers: [] } }),
    named("security.istio.io/v1beta1", "AuthorizationPolicy", "default", "deny-all", { spec: {} }),
    named("coordination.k8s.io/v1", "Lease", "istio-system", "their-controller", { spec: { holderIdentity: "x" } }),
    named("v1", "ConfigMap", "istio-system", "istio-gateway-deployment-notes", { data: { a: "b" } }),
    named("v1", "ConfigMap", "istio-system", "istio-leader-elections", { data: { a: "b" } }),
    named("v1", "Secret", "istio-system", "cacerts", { data: { "ca-cert.pem": "YQ==" } }),
  ])("is listed and stays: $kind $metadata.name", async (object) => {
    await world.api.create("somebody", object);
    const { code, stderr, stats } = await run("uninstall", "--yes");
    await world.api.remove(refOf(object));
    expect({ code, writes: stats.writes }, stderr).toEqual({ code: 2, writes: 0 });
    const { kind, metadata } = object;
    expect(stderr.replace(/\s+/g, " ")).toContain(`did not make: ${kind} ${metadata.namespace}/${metadata.name}. `);
  });

  it("and nothing of istiod's own is in the way: its locks, its key, its root", async () => {
    const { code, stderr } = await run("uninstall", "--yes", "--purge");
    expect(code, stderr).toBe(0);
  });
});
