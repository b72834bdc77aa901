import { afterEach, describe, expect, it } from "vitest";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { apply, ask, deployment, hello, knative, merge, pause, until } from "./install.ts";
import { installSmall, workload } from "./small-install.ts";

/** Pods and namespaces go as they did in the recorded install, in its order and, by the world's clock, its times. */

const PACE = patient(20);
const HOST = "hello.default.example.com";
const APP = deployment("app", "default");
const GRACE = { spec: { terminationGracePeriodSeconds: 300 } };
/** It takes half a minute of that. */
const DRAINING = { ...GRACE, container: { name: "queue-proxy" } };

let world: World;
afterEach(() => world.close());

const start = async (options?: WorldOptions): Promise<void> => {
  world = await startWorld({ pace: PACE, ...options });
};
const pods = (namespace = "default"): readonly Obj[] => world.api.list("v1", "Pod", namespace);
const podAt = ({ metadata: { name, namespace = "" } }: Obj) => ({ apiVersion: "v1", kind: "Pod", namespace, name });
const live = (pod: Obj): Obj | undefined => world.api.get(podAt(pod));
const goneOf = (pod: Obj) => until(world, `${pod.metadata.name} gone`, () => live(pod) === undefined);
const runningPod = (namespace?: string): Promise<Obj> =>
  until(world, "a pod that is ready", () => pods(namespace).find((pod) => isTrue(pod, "Ready")));

/** Seconds of the world since it was asked. */
const stopwatch = (): (() => number) => {
  const began = performance.now();
  return () => (performance.now() - began) / PACE;
};

const serveHello = async (): Promise<Obj> => {
  await installSmall(world);
  await apply(world, hello());
  await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
  return runningPod();
};
const endpointOf = (pod: Obj): Obj | undefined =>
  world.api
    .list("discovery.k8s.io/v1", "EndpointSlice", pod.metadata.namespace ?? "")
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === "hello-00001-private")
    .flatMap(({ endpoints }) => endpoints as Obj[])
    .find(({ targetRef }) => targetRef?.uid === pod.metadata.uid);

describe("a pod that is deleted", () => {
  it("of a Revision drains for half a minute within its grace, and answers while no other is ready", async () => {
    await start();
    const pod = await serveHello();
    await merge(world, deployment("hello-00001-deployment", "default"), { spec: { replicas: 0 } });
    const clock = stopwatch();
    const going = await until(world, "its deletion", () => {
      const found = live(pod);
      return found?.metadata.deletionTimestamp ? found : undefined;
    });
    expect(going.metadata.deletionGracePeriodSeconds).toBe(300);
    const asked = Date.parse(going.metadata.deletionTimestamp ?? "") - 300_000;
    expect(Math.abs(asked - Date.now())).toBeLessThan(2_000);
    expect(going.status.phase).toBe("Running");
    const endpoint = await until(world, "its endpoint terminating", () => {
      const found = endpointOf(pod);
      return found?.conditions.terminating && found;
    });
    expect(endpoint.conditions).toEqual({ ready: false, serving: true, terminating: true });
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200 });
    await until(world, "it serves no more", () => live(pod) && !isTrue(live(pod), "Ready"));
    await goneOf(pod);
    expect(clock()).toBeGreaterThan(29);
  });

  it("shows how its containers ended before it is gone", async () => {
    await start();
    const pod = await serveHello();
    await world.api.remove(podAt(pod));
    const ended = await until(world, "its end", () => live(pod)?.status.phase === "Failed" && live(pod));
    expect(ended.status.containerStatuses.map(({ name, state }: Obj) => [name, state.terminated.reason])).toEqual(
      expect.arrayContaining([
        ["queue-proxy", "Completed"],
        ["user-container", "Error"],
      ]),
    );
    await goneOf(pod);
  });

  it("is replaced at once, and counted as terminating", async () => {
    await start();
    await apply(world, workload("app", "default", DRAINING));
    const pod = await runningPod();
    await world.api.remove(podAt(pod));
    await until(world, "its successor beside it", () => pods().length === 2);
    const counted = await until(world, "the count", () => {
      const status = world.api.get(APP)?.status;
      return status?.terminatingReplicas === 1 && status;
    });
    expect(counted).toMatchObject({ replicas: 1, updatedReplicas: 1 });
    await goneOf(pod);
    await until(world, "none terminating", () => world.api.get(APP)?.status.terminatingReplicas === 0);
  });

  it("keeps a Deployment with the strategy Recreate waiting until it is gone", async () => {
    await start();
    const recreated = (image: string): Obj => {
      const object = workload("app", "default", { container: { image } });
      object.spec.strategy = { type: "Recreate" };
      return object;
    };
    await apply(world, recreated("example.com/app:1"));
    const pod = await runningPod();
    let most = 0;
    const off = world.api.onChange(() => {
      most = Math.max(most, pods().length);
    });
    await apply(world, recreated("example.com/app:2"));
    await goneOf(pod);
    await runningPod();
    off();
    expect(most).toBe(1);
  });

  it("finishes its start first when it is just starting, and goes at once when it cannot start", async () => {
    await start({ pull: (image) => (image.includes("missing") ? "manifest unknown" : undefined) });
    const states: string[] = [];
    world.api.onChange(({ object, type }) => {
      if (object.kind === "Pod" && type === "MODIFIED") states.push(object.status?.phase);
    });
    await apply(world, workload("app", "default", GRACE));
    const starting = await until(world, "a pod on its node", () => pods().find(({ spec }) => spec.nodeName));
    await world.api.remove(APP);
    await goneOf(starting);
    expect(states).toContain("Running");

    await apply(world, workload("app", "default", { ...GRACE, container: { image: "example.com/missing:1" } }));
    const stuck = await until(world, "a pod without its image", () =>
      pods().find(({ status }) => status?.containerStatuses?.[0].state.waiting?.reason === "ImagePullBackOff"),
    );
    await world.api.remove(APP);
    await goneOf(stuck);
  });

  it("can be given less time, and no more", async () => {
    await start();
    const pod = await serveHello();
    await world.api.remove(podAt(pod), { gracePeriodSeconds: 100 });
    await world.api.remove(podAt(pod), { gracePeriodSeconds: 200 });
    expect(live(pod)?.metadata.deletionGracePeriodSeconds).toBe(100);
    await world.api.remove(podAt(pod), { gracePeriodSeconds: 0 });
    expect(live(pod)).toBeUndefined();
  });
});

describe("a namespace that is deleted", () => {
  const SPACE = { apiVersion: "v1", kind: "Namespace", name: "space" };
  const space = () => world.api.get(SPACE);
  const fill = async (extra: Parameters<typeof workload>[2]): Promise<Obj> => {
    await apply(world, { apiVersion: "v1", kind: "Namespace", metadata: { name: "space" } });
    await until(world, "its account", () =>
      world.api.get({ apiVersion: "v1", kind: "ServiceAccount", namespace: "space", name: "default" }),
    );
    await apply(world, workload("app", "space", extra));
    return runningPod("space");
  };
  const messageOf = (type: string) => conditionOf(space(), type)?.message;

  it("goes five seconds later when nothing in it takes time", async () => {
    await start();
    await fill({});
    await world.api.remove(deployment("app", "space"));
    await until(world, "no pod", () => pods("space").length === 0);
    const clock = stopwatch();
    await world.api.remove(SPACE);
    await until(world, "the namespace gone", () => space() === undefined);
    expect(clock()).toBeGreaterThan(4.9);
  });

  it("is looked at again only after half of the longest grace, though the pods are long gone", async () => {
    await start({ pace: patient(5) });
    const pod = await fill(DRAINING);
    await world.api.remove(SPACE);
    await until(world, "the conditions", () => messageOf("NamespaceContentRemaining"));
    // As the server counts only what comes after the pods, it says that all is gone.
    expect(messageOf("NamespaceContentRemaining")).toBe("All content successfully removed");
    expect(messageOf("NamespaceDeletionContentFailure")).toBe(
      "All content successfully deleted, may be waiting on finalization",
    );
    await goneOf(pod);
    const began = performance.now();
    expect(space()).toBeDefined();
    await until(world, "the namespace gone", () => space() === undefined);
    expect((performance.now() - began) / 5).toBeGreaterThan(100);
  });

  it("says on older servers that pods remain", async () => {
    await start({ version: "v1.32.4" });
    await fill(DRAINING);
    await world.api.remove(SPACE);
    await until(
      world,
      "the words",
      () => messageOf("NamespaceContentRemaining") === "Some resources are remaining: pods. has 1 resource instances",
    );
  });

  it("waits a while for finalizers, and names them", async () => {
    await start();
    await fill({});
    const held = { apiVersion: "v1", kind: "ConfigMap", namespace: "space", name: "held" };
    const { apiVersion, kind, ...metadata } = held;
    await apply(world, { apiVersion, kind, metadata: { ...metadata, finalizers: ["example.com/held"] } });
    await world.api.remove(SPACE);
    await until(
      world,
      "the words",
      () =>
        messageOf("NamespaceFinalizersRemaining") ===
        "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances",
    );
    await pause(2 * PACE);
    await merge(world, held, { metadata: { finalizers: null } });
    await until(world, "the namespace gone", () => space() === undefined);
  });
});
