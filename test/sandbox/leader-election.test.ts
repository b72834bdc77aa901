import { afterEach, describe, expect, it } from "vitest";
import { refOf } from "../../src/sandbox/objects.ts";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { apply, until } from "./install.ts";
import { SERVING_OBJECTS } from "./small-install.ts";

const SERVING = "knative-serving";
const BUCKET = "autoscaler-bucket-00-of-01";
const lease = (name: string): Ref => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: SERVING,
  name,
});
const behind = (kind: "Service" | "Endpoints" | "EndpointSlice"): Ref => ({
  apiVersion: kind === "EndpointSlice" ? "discovery.k8s.io/v1" : "v1",
  kind,
  namespace: SERVING,
  name: BUCKET,
});

/** What `knative.dev/pkg` and the autoscaler make in a cluster by themselves. */
describe("who leads", () => {
  let world: World;
  afterEach(() => world.close());

  const start = async (...objects: readonly Obj[]): Promise<void> => {
    world = await startWorld({ pace: patient(3) });
    await apply(world, ...objects);
  };
  const holder = (name: string): string => world.api.get(lease(name))?.spec.holderIdentity ?? "";
  const held = (name: string, not = ""): Promise<string> =>
    until(
      world,
      `${name} held by another than ${not}`,
      () => holder(name) !== "" && holder(name) !== not && holder(name),
    );
  const podOf = (holder: string): Obj => {
    const pod = world.api.get({ apiVersion: "v1", kind: "Pod", namespace: SERVING, name: holder.split("_")[0] ?? "" });
    if (!pod) throw new Error(`no pod of ${holder}`);
    return pod;
  };

  it("is said by one Lease for each reconciler and bucket, as long as its pod runs", async () => {
    await start(...SERVING_OBJECTS);
    await Promise.all([held(BUCKET), held("webhook.defaultingwebhook.00-of-01")]);
    const name = "controller.knative.dev.serving.pkg.reconciler.route.reconciler.00-of-01";
    const first = await held(name);
    const count = (component: string): number =>
      world.api
        .list("coordination.k8s.io/v1", "Lease", SERVING)
        .filter(({ metadata }) => metadata.name.startsWith(`${component}.`)).length;
    await until(world, "all of them", () => count("controller") === 9 && count("webhook") === 4);

    await world.api.remove(refOf(podOf(first)));
    await until(world, "released", () => holder(name) === "");
    const second = await held(name, first);
    expect(podOf(second).metadata.name).not.toBe(first.split("_")[0]);
    expect(world.api.get(lease(name))?.spec.leaseTransitions).toBe(1);
  });

  it("a Lease that somebody deletes is made again at the next renewal", async () => {
    await start(...SERVING_OBJECTS);
    const name = "webhook.validationwebhook.00-of-01";
    await held(name);
    await world.api.remove(lease(name));
    expect(world.api.get(lease(name))).toBeUndefined();
    await held(name);
  });

  it("the autoscaler leads to itself, without owner and label, and only when its Lease changes hands", async () => {
    await start(...SERVING_OBJECTS);
    const first = await held(BUCKET);
    const slice = await until(world, "the slice", () => world.api.get(behind("EndpointSlice")));
    expect(first).toBe(`${podOf(first).metadata.name}_${slice.endpoints[0].addresses[0]}`);
    expect(world.api.get(behind("Service"))?.metadata).not.toHaveProperty("ownerReferences");
    expect(world.api.get(behind("Endpoints"))).toBeUndefined();

    await world.api.remove(behind("Service"));
    await world.api.remove(refOf(podOf(first)));
    const second = await held(BUCKET, first);
    await until(world, "the Service again", () => world.api.get(behind("Service")));
    const address = () => world.api.get(behind("EndpointSlice"))?.endpoints[0].addresses[0];
    await until(world, "the new address", () => second.endsWith(`_${address()}`));
  });

  it("before 1.22 there are Endpoints behind the autoscaler, which go with their Service", async () => {
    const old = SERVING_OBJECTS.map((object) => {
      if (object.kind !== "Deployment") return object;
      const labels = { ...object.metadata.labels, "app.kubernetes.io/version": "1.21.3" };
      return { ...object, metadata: { ...object.metadata, labels } };
    });
    await start(...old);
    await until(world, "the Endpoints", () => world.api.get(behind("Endpoints")));
    expect(world.api.get(behind("EndpointSlice"))).toBeUndefined();
    const mirrors = () =>
      world.api
        .list("discovery.k8s.io/v1", "EndpointSlice", "knative-serving")
        .filter(({ metadata }) => metadata.name.startsWith(`${BUCKET}-`));
    const [mirror] = await until(world, "their mirror", () => mirrors().length > 0 && mirrors());
    expect(mirror?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Endpoints", name: BUCKET });
    await world.api.remove(behind("Service"));
    await until(world, "the Endpoints gone", () => world.api.get(behind("Endpoints")) === undefined);
    await until(world, "their mirror gone", () => mirrors().length === 0);
  });
});
