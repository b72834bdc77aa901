import { describe, expect, it } from "vitest";
import { workloadsDrained } from "../../src/checks/workload-pods.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { podsDrained } from "../../src/kube/draining.ts";
import { goneCheck } from "../../src/kube/gone.ts";
import { deletionBlocker } from "../../src/kube/holders.ts";
import { deletion } from "../../src/kube/object-change.ts";
import { ApiError, type ApiResource, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject, ObjectMeta, ObjectRef } from "../../src/ports/object.ts";

const NOW = "2026-01-01T10:00:00Z";
const later = (seconds: number): string => new Date(Date.parse(NOW) + seconds * 1000).toISOString();

const object = (apiVersion: string, kind: string, metadata: ObjectMeta, fields: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { uid: `uid of ${metadata.name}`, ...metadata },
  ...fields,
});
const pod = (name: string, metadata: Partial<ObjectMeta> = {}, phase = "Running"): KubeObject =>
  object("v1", "Pod", { name, namespace: "ns", ...metadata }, { status: { phase } });
const ownedBy = (owner: KubeObject) => ({
  ownerReferences: [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? "" },
  ],
});

/** A cluster of these objects, at ten o'clock. */
const clusterOf = (...objects: readonly KubeObject[]): ReadContext => {
  const known: readonly ApiResource[] = [
    { apiVersion: "example.com/v1", kind: "Thing", plural: "things", namespaced: true, verbs: [] },
  ];
  return {
    cluster: {
      resources: async () => known,
      list: async ({ kind, namespace }: ListQuery) =>
        objects.filter((one) => one.kind === kind && (!namespace || one.metadata.namespace === namespace)),
      get: async ({ kind, name }: ObjectRef) => objects.find((one) => one.kind === kind && one.metadata.name === name),
    } as unknown as ClusterRead,
    probe: () => Promise.reject(new Error("nobody asks")),
    now: () => new Date(NOW),
    signal: new AbortController().signal,
  };
};

describe("pods before their namespace", () => {
  const look = async (...objects: readonly KubeObject[]): Promise<string> =>
    (await podsDrained(["ns"]).run(clusterOf(...objects), new Map())).summary;

  it("are named with what is left of their grace, the longest first", async () => {
    const short = pod("short", { deletionTimestamp: later(25) });
    const long = pod("long", { deletionTimestamp: later(555) });
    expect(await look(short)).toBe("Pod ns/short is draining, for 30 s more at most");
    expect(await look(short, long)).toBe("Pod ns/long is draining, for 10 min more at most (and 1 more)");
    expect(await look(pod("late", { deletionTimestamp: later(-5) }))).toBe(
      "Pod ns/late is still there though its grace is over",
    );
  });

  it("are waited for while those who made them go, or are gone", async () => {
    const set = object("apps/v1", "ReplicaSet", { name: "set", namespace: "ns" });
    expect(await look(pod("orphan", ownedBy(set)))).toBe("Pod ns/orphan still runs");
    const going = { ...set, metadata: { ...set.metadata, deletionTimestamp: later(0) } };
    expect(await look(going, pod("child", ownedBy(set)))).toBe("Pod ns/child still runs");
  });

  it("are not waited for when they have ended, when finalizers hold them, or when somebody keeps them until the namespace goes", async () => {
    const deployment = object("apps/v1", "Deployment", { name: "kept", namespace: "ns" });
    const held = pod("held", { deletionTimestamp: later(-1), finalizers: ["example.com/f"] }, "Pending");
    const set = object("apps/v1", "ReplicaSet", { name: "set", namespace: "ns", ...ownedBy(deployment) });
    expect(
      await look(deployment, set, pod("child", ownedBy(set)), pod("bare"), pod("done", {}, "Succeeded"), held),
    ).toBe("no pod is left");
  });
});

describe("the pods of workloads", () => {
  it("are waited for, but not longer than their grace and a minute", async () => {
    const look = async (seconds: number) =>
      workloadsDrained.run(clusterOf(pod("hello", { deletionTimestamp: later(seconds) })), new Map());
    expect(await look(295)).toMatchObject({
      status: "fail",
      summary: "Pod ns/hello is draining, for 5 min more at most",
    });
    expect(await look(-30)).toMatchObject({ status: "fail" });
    expect(await look(-90)).toMatchObject({
      status: "ok",
      summary: "Pod ns/hello is still there though its grace is over; that is left to its node",
    });
  });
});

describe("who holds what is going away", () => {
  const namespace = (seconds: number, ...conditions: readonly object[]) =>
    object("v1", "Namespace", { name: "ns", deletionTimestamp: later(-seconds) }, { status: { conditions } });

  it("is a pod of the namespace, though the namespace says that all is gone", async () => {
    const gone = { type: "NamespaceContentRemaining", status: "False", message: "All content successfully removed" };
    const held = pod("held", { deletionTimestamp: later(-60), finalizers: ["example.com/f"] }, "Failed");
    expect(await deletionBlocker(clusterOf(held), namespace(90, gone))).toBe(
      ": Pod ns/held is left, held by finalizer example.com/f",
    );
    const unborn = pod("unborn", { deletionTimestamp: later(0), finalizers: ["example.com/f"] }, "Pending");
    expect(await deletionBlocker(clusterOf(unborn), namespace(90, gone))).toContain(
      "unborn is left, held by finalizer",
    );
    const draining = pod("draining", { deletionTimestamp: later(100) });
    const going = namespace(90, gone);
    const finding = await goneCheck([deletion(going)]).run(clusterOf(going, draining), new Map());
    expect(finding.summary).toBe(
      "Namespace ns is still terminating: Pod ns/draining is draining, for 2 min more at most",
    );
  });

  it("is the namespace's own controller when its pods are gone", async () => {
    expect(await deletionBlocker(clusterOf(), namespace(3))).toBe(
      ": no pod is left in it, and its controller empties it after some seconds",
    );
    expect(await deletionBlocker(clusterOf(), namespace(90))).toMatch(/comes back by itself.*half of the grace/);
  });

  it("is the object that the namespace only counts", async () => {
    const remaining = {
      type: "NamespaceContentRemaining",
      status: "True",
      message: "Some resources are remaining: things.example.com has 2 resource instances",
    };
    const thing = (name: string) =>
      object("example.com/v1", "Thing", { name, namespace: "ns", finalizers: ["example.com/f"] });
    expect(await deletionBlocker(clusterOf(thing("a"), thing("b")), namespace(90, remaining))).toBe(
      ": Thing ns/a is left in it, held by finalizer example.com/f (and 1 more)",
    );
  });

  it("is what could not be deleted, in the server's words", async () => {
    const message = 'Failed to delete all resource types, 1 remaining: admission webhook "x" denied the request';
    const failure = { type: "NamespaceDeletionContentFailure", status: "True", message };
    expect(await deletionBlocker(clusterOf(), namespace(90, failure))).toBe(`: ${message}`);
  });

  it("is left to the object's own words where one may not look", async () => {
    const ctx = clusterOf();
    const list = () =>
      Promise.reject(new ApiError({ status: 403, reason: "Forbidden", message: "no", request: "GET" }));
    const said = {
      type: "NamespaceContentRemaining",
      status: "True",
      message: "Some resources are remaining: pods. has 1 resource instances",
    };
    expect(await deletionBlocker({ ...ctx, cluster: { ...ctx.cluster, list } }, namespace(90, said))).toBe(
      ": 1 pods left in it",
    );
  });

  it("is an instance of a kind that goes", async () => {
    const spec = { group: "example.com", names: { kind: "Thing" }, versions: [{ name: "v1", served: true }] };
    const definition = object(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      { name: "things.example.com" },
      { spec },
    );
    const thing = object("example.com/v1", "Thing", { name: "a", namespace: "other", finalizers: ["example.com/f"] });
    expect(await deletionBlocker(clusterOf(thing), definition)).toBe(
      ": Thing other/a is left, held by finalizer example.com/f",
    );
  });
});
