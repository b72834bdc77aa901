import { describe, expect, it } from "vitest";
import { applyChange } from "../../src/changes/apply.ts";
import type { ApplyTools, ObjectChange } from "../../src/changes/index.ts";
import { refusal } from "../../src/changes/refusal.ts";
import { withLock } from "../../src/kube/lock.ts";
import {
  ApiError,
  type ClusterWrite,
  type LeaseAccess,
  type LockableCluster,
  Unreachable,
} from "../../src/ports/cluster.ts";
import type { KubeObject, ManagedFields } from "../../src/ports/object.ts";

const wanted: KubeObject = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "config" },
};
const create: ObjectChange = {
  kind: "object",
  action: "create",
  object: wanted,
  manager: "kn-bootstrap",
  fields: [],
  conflicts: [],
  confirmed: false,
};
const conflict = new ApiError({
  status: 409,
  reason: "Conflict",
  message: "conflict",
  request: "PATCH",
  conflicts: [{ field: ".webhooks", owner: "webhook", message: "" }],
});
const by = (manager: string, operation: "Apply" | "Update", second: number): ManagedFields => ({
  manager,
  operation,
  time: `2026-01-01T00:00:0${second}Z`,
});
const live = (fields: Partial<KubeObject["metadata"]>): KubeObject => ({
  ...wanted,
  metadata: { name: "config", ...fields },
});

const carryOut = (cluster: Partial<ClusterWrite>): Promise<void> =>
  applyChange(create, { cluster: cluster as ClusterWrite, takeOwnership: false } as ApplyTools);
const refusing = (found: KubeObject): Partial<ClusterWrite> => ({
  apply: () => Promise.reject(conflict),
  get: async () => found,
});

describe("a create that somebody was faster with", () => {
  it("is done when the object is our own, whose answer was lost, and its controller wrote to it since", async () => {
    await carryOut(refusing(live({ managedFields: [by("kn-bootstrap", "Apply", 1), by("webhook", "Update", 1)] })));
    await carryOut(refusing(live({ managedFields: [by("webhook", "Update", 2), by("kn-bootstrap", "Apply", 1)] })));
  });

  it("is refused when somebody else made it", async () => {
    const theirs = live({ managedFields: [by("helm", "Update", 1), by("kn-bootstrap", "Apply", 2)] });
    await expect(carryOut(refusing(theirs))).rejects.toBe(conflict);
  });

  it("is told from our own of the same second: only what was sent twice may have been done by the first time", async () => {
    const object = live({ managedFields: [by("argocd", "Update", 1), by("kn-bootstrap", "Apply", 1)] });
    const answering = (repeated: boolean) => carryOut({ apply: async () => ({ object, created: false, repeated }) });
    await answering(true);
    await expect(answering(false)).rejects.toMatchObject({ id: "apply.appeared", kind: "failed" });
    const alone = live({ managedFields: [by("kn-bootstrap", "Apply", 1), by("kn-bootstrap-domain", "Apply", 0)] });
    await carryOut({ apply: async () => ({ object: alone, created: false, repeated: false }) });
  });

  it("waits for an earlier one that is going away, whether or not the server let us write to it", async () => {
    const going = live({ deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/held"] });
    for (const cluster of [
      refusing(going),
      { apply: async () => ({ object: going, created: false, repeated: false }) },
    ]) {
      const error = await carryOut(cluster).catch((reason: unknown) => reason);
      expect(refusal(error, create)).toMatchObject({
        wait: "an earlier ValidatingWebhookConfiguration config is still terminating: held by finalizer example.com/held",
      });
    }
  });
});

describe("the lock while the cluster is away", () => {
  const times = { duration: 3_000, renewEvery: 10_000, freshFor: 1, lookEvery: 10 };

  it("lets no write through, and lets them through again when the cluster is back", async () => {
    let isAway = false;
    let permit = async (): Promise<void> => {};
    const lease: LeaseAccess = {
      get: async () => undefined,
      create: async (object) => object,
      replace: async (object) => {
        if (isAway) throw new Unreachable("https://cluster", "https://cluster refused the connection");
        return object;
      },
      remove: async () => true,
    };
    const cluster = {
      lease,
      guarded: (given: () => Promise<void>) => {
        permit = given;
        return {} as ClusterWrite;
      },
    } as unknown as LockableCluster;
    let clock = 0;
    const options = {
      holder: "me",
      times,
      clock: () => clock,
      wallClock: () => clock,
      signal: new AbortController().signal,
      timeoutMs: 1_000,
      onWaiting: () => {},
    };
    await withLock(cluster, options, async (_cluster, lost) => {
      clock += 10;
      isAway = true;
      const error = await permit().catch((reason: unknown) => reason);
      expect(refusal(error, create)).toMatchObject({ wait: "https://cluster refused the connection" });
      isAway = false;
      await permit();
      expect(lost.aborted).toBe(false);
    });
  });
});
