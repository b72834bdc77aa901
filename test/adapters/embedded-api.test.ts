import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import type { WatchEvent } from "../../src/ports/cluster.ts";
import { type KubeObject, refOf } from "../../src/ports/object.ts";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api } from "../../src/sandbox/types.ts";
import { patient } from "../patience.ts";

let api: Api;
let cluster: Cluster;
let folder = "";
beforeAll(async () => {
  api = await createApi({});
  folder = await mkdtemp(path.join(tmpdir(), "embedded-"));
  const file = path.join(folder, "kubeconfig");
  const ca = Buffer.from(api.ca).toString("base64");
  await writeFile(
    file,
    `apiVersion: v1
kind: Config
current-context: rehearsal
clusters: [{name: c, cluster: {server: "${api.url}", certificate-authority-data: ${ca}}}]
users: [{name: admin, user: {tokenFile: token}}]
contexts: [{name: rehearsal, context: {cluster: c, user: admin}}]
`,
  );
  await writeFile(path.join(folder, "token"), `${api.token}\n`);
  cluster = openCluster(await loadKubeconfig({ path: file, env: {} }));
});
afterAll(async () => {
  cluster.close();
  await api.close();
  await rm(folder, { recursive: true });
});

const MANAGER = { manager: "kn-bootstrap" };
const configMap = (name: string, data: Record<string, string> = { a: "1" }): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

test("version, identity, kinds", async () => {
  expect(await cluster.version()).toMatch(/^1\.\d+\.\d+$/);
  expect(cluster.identity).toEqual({ context: "rehearsal", server: api.url });
  // Whatever the kubeconfig calls it.
  expect(await cluster.account()).toEqual({ name: "kubernetes-admin", isKnown: true });
  expect(await cluster.resource("apps/v1", "Deployment")).toMatchObject({ plural: "deployments", namespaced: true });
  expect((await cluster.resources()).length).toBeGreaterThan(20);
});

test("apply, apply again, conflict with its owner, force, remove", async () => {
  const first = await cluster.apply(configMap("m"), MANAGER);
  expect(first.created).toBe(true);
  const again = await cluster.apply(configMap("m"), MANAGER);
  expect(again).toMatchObject({ created: false });
  expect(again.object.metadata.resourceVersion).toBe(first.object.metadata.resourceVersion);
  await expect(cluster.apply(configMap("m", { a: "2" }), { manager: "other" })).rejects.toMatchObject({
    status: 409,
    reason: "Conflict",
    conflicts: [{ field: ".data.a", owner: "kn-bootstrap" }],
  });
  expect((await cluster.dryRun(configMap("m", { a: "3" }), MANAGER)).data).toEqual({ a: "3" });
  expect((await cluster.get(refOf(configMap("m"))))?.data).toEqual({ a: "1" });
  const ref = refOf(first.object);
  await expect(cluster.remove(ref, { uid: "00000000-0000-0000-0000-000000000000" })).rejects.toMatchObject({
    status: 409,
  });
  expect(await cluster.remove(ref, { uid: first.object.metadata.uid ?? "" })).toBe(true);
  expect(await cluster.remove(ref, {})).toBe(false);
  expect(await cluster.get(ref)).toBeUndefined();
});

test("an unknown field of a built-in kind is a 500 that is not repeated", async () => {
  const before = cluster.stats().requests;
  await expect(cluster.apply({ ...configMap("m"), nope: 1 }, MANAGER)).rejects.toMatchObject({ status: 500 });
  expect(cluster.stats().requests).toBe(before + 1);
});

test("a kind is watched from before its CRD exists, applied at once, and its objects go with it", async () => {
  const watched: string[] = [];
  const stop = new AbortController();
  const done = (async () => {
    const query = { apiVersion: "example.test/v1", kind: "Thing" };
    for await (const event of cluster.watch(query, stop.signal)) watched.push(nameOf(event));
  })();
  const crd: KubeObject = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.test" },
    spec: {
      group: "example.test",
      scope: "Namespaced",
      names: { kind: "Thing", plural: "things", singular: "thing", listKind: "ThingList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };
  const thing: KubeObject = {
    apiVersion: "example.test/v1",
    kind: "Thing",
    metadata: { name: "one", namespace: "default" },
  };
  expect(await cluster.get(refOf(thing))).toBeUndefined();
  await cluster.apply(crd, MANAGER);
  expect(await cluster.apply(thing, MANAGER)).toMatchObject({ created: true });
  await expect.poll(() => watched, { timeout: patient(5_000) }).toContain("ADDED one");
  await cluster.remove(refOf(crd), {});
  await expect.poll(() => watched, { timeout: patient(5_000) }).toContain("DELETED one");
  stop.abort();
  await done;
});
const nameOf = (event: WatchEvent): string =>
  event.type === "SYNCED" ? event.type : `${event.type} ${event.object.metadata.name}`;

test("600 objects come in two pages, and a watch sees the changes after them", async () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "many" } };
  await cluster.apply(namespace, MANAGER);
  const inMany = (name: string): KubeObject => ({
    ...configMap(name),
    metadata: { name, namespace: "many", labels: { app: "x" } },
  });
  await Promise.all(Array.from({ length: 600 }, (_, index) => cluster.apply(inMany(`m${index}`), MANAGER)));
  const query = { apiVersion: "v1", kind: "ConfigMap", namespace: "many", labelSelector: "app=x" };
  const before = cluster.stats();
  expect(await cluster.list(query)).toHaveLength(600);
  expect(cluster.stats().requests - before.requests).toBe(2);
  const types = { ADDED: 0, MODIFIED: 0, DELETED: 0, SYNCED: 0 };
  for await (const event of cluster.watch(query, AbortSignal.timeout(patient(10_000)))) {
    types[event.type]++;
    if (event.type === "SYNCED") await cluster.mergePatch(refOf(inMany("m7")), { data: { a: "2" } }, "somebody");
    if (event.type === "MODIFIED") await cluster.remove(refOf(inMany("m8")), {});
    if (event.type === "DELETED") break;
  }
  expect(types).toEqual({ ADDED: 600, MODIFIED: 1, DELETED: 1, SYNCED: 1 });
  // Sixteen, and what watches needed.
  expect(cluster.stats().connections).toBeLessThanOrEqual(20);
});

test("the Lease: created once, replaced under its version", async () => {
  const lease: KubeObject = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "kn-bootstrap", namespace: "default" },
    spec: { holderIdentity: "me", leaseDurationSeconds: 30 },
  };
  const created = await cluster.lease.create(lease, "kn-bootstrap");
  await expect(cluster.lease.create(lease, "kn-bootstrap")).rejects.toMatchObject({ reason: "AlreadyExists" });
  const renewed = await cluster.lease.replace(
    { ...created, spec: { holderIdentity: "me", leaseTransitions: 1 } },
    "kn-bootstrap",
  );
  await expect(cluster.lease.replace(created, "kn-bootstrap")).rejects.toMatchObject({ status: 409, conflicts: [] });
  expect(await cluster.lease.get(refOf(lease))).toEqual(renewed);
});

test("may I", async () => {
  expect(await cluster.can({ verb: "create", group: "apps", resource: "deployments", namespace: "default" })).toBe(
    true,
  );
});

test("a token that the server does not know is an answer, and stays out of it", async () => {
  const wrong = path.join(folder, "wrong");
  const text = await readFile(path.join(folder, "kubeconfig"), "utf8");
  await writeFile(wrong, text.replace("tokenFile: token", "token: not-the-right-one"));
  const stranger = openCluster(await loadKubeconfig({ path: wrong, env: {} }));
  const error: unknown = await stranger.get(refOf(configMap("m"))).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ status: 401, reason: "Unauthorized" });
  expect(JSON.stringify(error)).not.toContain("not-the-right-one");
  stranger.close();
});
