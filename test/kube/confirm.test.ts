import { describe, expect, it } from "vitest";
import { planStep } from "../../src/changes/plan.ts";
import { emptySnapshot } from "../../src/kube/snapshot.ts";
import { ApiError, type ClusterPreview } from "../../src/ports/cluster.ts";
import type { KubeObject, ManagedFields } from "../../src/ports/object.ts";

const garden = (notes: object, managedFields?: ManagedFields[]): KubeObject => ({
  apiVersion: "example.com/v1",
  kind: "Garden",
  metadata: { name: "g", namespace: "n", ...(managedFields ? { managedFields } : {}) },
  spec: { notes },
});
const ownedBy = (manager: string, notes: object): ManagedFields => ({
  manager,
  operation: "Apply",
  apiVersion: "example.com/v1",
  fieldsV1: { "f:spec": { "f:notes": notes as Record<string, never> } },
});

/** The change that is planned when the server answers a dry run like this. */
const planned = async (live: KubeObject, wanted: KubeObject, dryRun: ClusterPreview["dryRun"]) => {
  const plan = await planStep(
    { id: "s", title: "", undo: "", needs: [], verify: [], plan: (ctx) => ctx.reconcile([wanted]) },
    {
      goal: "present",
      live: { ...emptySnapshot, get: async () => live },
      now: () => new Date(0),
      cluster: { dryRun } as ClusterPreview,
    },
    "settled",
  );
  expect(plan.changes.length).toBeLessThan(2);
  const [change] = plan.changes;
  return change?.kind === "object" ? change : undefined;
};

const refuse = async (): Promise<never> => {
  throw new ApiError({
    status: 409,
    reason: "Conflict",
    message: "conflict",
    request: "PATCH",
    conflicts: [{ field: ".spec.notes", owner: "helm", message: "owned by helm" }],
  });
};

describe("a local difference is confirmed by the server", () => {
  it("what only looked like somebody else's is free: whoever owns an empty map does not own what is put into it", async () => {
    const wanted = garden({ x: 1 });
    const change = await planned(garden({}, [ownedBy("helm", {})]), wanted, async () => wanted);
    expect(change).toMatchObject({
      confirmed: true,
      conflicts: [],
      fields: [{ path: ".spec.notes", from: {}, to: { x: 1 } }],
    });
  });

  it("what is somebody else's stays a conflict, with both values", async () => {
    const change = await planned(garden({ x: 2 }, [ownedBy("helm", {})]), garden({ x: 1 }), refuse);
    expect(change).toMatchObject({
      fields: [],
      conflicts: [{ path: ".spec.notes", owner: "helm", from: { x: 2 }, to: { x: 1 } }],
    });
  });

  it("an owner that only the server knows of becomes a conflict", async () => {
    const change = await planned(garden({ x: 2 }), garden({ x: 1 }), refuse);
    expect(change).toMatchObject({ conflicts: [{ path: ".spec.notes", owner: "helm" }] });
  });

  it("a difference that the server does not make is none", async () => {
    const live = garden({ x: 2 });
    expect(await planned(live, garden({ x: 1 }), async () => live)).toBeUndefined();
  });
});
