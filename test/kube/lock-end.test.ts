import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LEASE } from "../../src/kube/lease.ts";
import { ApiError, type LeaseAccess, type LockableCluster, Unreachable } from "../../src/ports/cluster.ts";
import { HOME, type LockScene, note, noteRef, openScene, sleep, times } from "./lock-scene.ts";

const ended = (lost: AbortSignal): Promise<unknown> =>
  lost.aborted ? Promise.resolve() : new Promise((resolve) => lost.addEventListener("abort", resolve));

describe("the lock", () => {
  let scene: LockScene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  describe("ends", () => {
    const other = { apiVersion: LEASE.apiVersion, kind: LEASE.kind };
    const metadata = { namespace: "kn-bootstrap", name: LEASE.name };
    const spec = { holderIdentity: "other", leaseDurationSeconds: 30 };
    const remove = (): Promise<unknown> => scene.cluster.remove(LEASE, {});

    interface Row {
      readonly how: string;
      readonly id: string;
      readonly what: RegExp;
      /** Whether a Lease is there afterwards: what is not ours stays. */
      readonly left: boolean;
      readonly happens: () => Promise<unknown>;
    }
    const taken = { id: "lock.lost", what: /Another installer \(other\) has taken over/, left: true };
    const deleted = { id: "lock.gone", what: /^Somebody has deleted the lock/ };
    const rows: readonly Row[] = [
      { ...taken, how: "was taken over", happens: () => scene.cluster.mergePatch(LEASE, { spec }, "o") },
      {
        ...taken,
        how: "was deleted and taken by another",
        happens: async () => {
          await remove();
          await scene.cluster.create({ ...other, metadata, spec }, "o");
        },
      },
      {
        ...taken,
        how: "has no holder any more",
        what: /was taken away/,
        happens: () => scene.cluster.mergePatch(LEASE, { spec: { holderIdentity: null } }, "o"),
      },
      { ...deleted, how: "was deleted", left: false, happens: remove },
      {
        ...deleted,
        how: "was deleted and made anew under our name",
        left: true,
        happens: async () => {
          await remove();
          await scene.cluster.create({ ...other, metadata, spec: { ...spec, holderIdentity: "mine" } }, "o");
        },
      },
      {
        ...deleted,
        how: "is being deleted, and only a finalizer holds it",
        left: true,
        happens: async () => {
          await scene.cluster.mergePatch(LEASE, { metadata: { finalizers: ["example.com/hold"] } }, "o");
          await remove();
        },
      },
    ];

    it.each(rows)("when it $how", async ({ id, what, left, happens }) => {
      const error = await scene
        .lock("mine", async (held, lost) => {
          await happens();
          // Nobody has to write to be told, and who writes is refused.
          await ended(lost);
          const refused = held.apply(note("late"), { manager: "m" });
          await expect(refused).rejects.toBe(lost.reason);
          throw lost.reason;
        })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ id, message: expect.stringMatching(what), kind: "failed" });
      expect(await scene.cluster.get(noteRef("late"))).toBeUndefined();
      expect((await scene.cluster.get(LEASE)) !== undefined).toBe(left);
      await scene.cluster.mergePatch(LEASE, { metadata: { finalizers: null } }, "o").catch(() => {});
      await remove();
    });

    it("when its namespace is deleted, and says so; also before it is held", async () => {
      const error = await scene
        .lock("mine", async (_, lost) => {
          // The namespace stays while something in it does.
          await scene.cluster.apply(note("held", ["example.com/hold"]), { manager: "test" });
          await scene.cluster.remove(HOME, {});
          await ended(lost);
          throw lost.reason;
        })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ id: "lock.namespace" });
      expect((error as Error).message).toMatch(/^Namespace kn-bootstrap is being deleted/);
      await expect(scene.lock("mine", async () => {})).rejects.toMatchObject({ id: "lock.namespace" });
      await scene.cluster.mergePatch(noteRef("held"), { metadata: { finalizers: null } }, "test");
      while (await scene.cluster.get(HOME)) await sleep(20);
      await expect(scene.lock("mine", async () => {})).rejects.toMatchObject({ id: "lock.namespace" });
      await scene.makeHome();
    });

    it("when its namespace is gone and a write there is the first to hear of it", async () => {
      const rare = { ...times, renewEvery: 60_000, freshFor: 60_000 };
      const work: Parameters<LockScene["lock"]>[1] = async (held) => {
        await scene.cluster.remove(HOME, {});
        while (await scene.cluster.get(HOME)) await sleep(20);
        return held.apply(note("late"), { manager: "m" });
      };
      await expect(scene.lock("mine", work, { times: rare })).rejects.toMatchObject({ id: "lock.namespace" });
      await scene.makeHome();
    });

    it("not when the holder itself deletes the namespace: that is the end of its work", async () => {
      await scene.lock("mine", async (held, lost) => {
        await held.remove(HOME, {});
        while (await scene.cluster.get(HOME)) await sleep(20);
        await sleep(times.renewEvery * 2);
        expect(lost.aborted).toBe(false);
        // As after an answer that was lost.
        expect(await held.remove(HOME, { uid: "1" })).toBe(false);
      });
      await scene.makeHome();
    });
  });

  describe("goes on", () => {
    it("when somebody writes a note on the Lease, and gives it back all the same", async () => {
      await scene.lock("mine", async (held, lost) => {
        for (let i = 0; i < 5; i++) {
          await scene.cluster.mergePatch(LEASE, { metadata: { annotations: { note: String(i) } } }, "o");
          await sleep(times.renewEvery / 2);
        }
        expect(lost.aborted).toBe(false);
        await held.apply(note("noted"), { manager: "m" });
        await scene.cluster.mergePatch(LEASE, { metadata: { annotations: { note: "last" } } }, "o");
      });
      expect(await scene.cluster.get(LEASE)).toBeUndefined();
    });

    it("when the answer of a renewal is lost", async () => {
      await scene.lock("mine", async (_, lost) => {
        const renewed = await scene.cluster.get(LEASE);
        if (renewed) await scene.cluster.replace(renewed, "kn-bootstrap");
        await sleep(times.renewEvery * 1.5);
        expect(lost.aborted).toBe(false);
      });
      expect(await scene.cluster.get(LEASE)).toBeUndefined();
    });
  });

  describe("where a renewal is answered otherwise", () => {
    /** The cluster, but for what the Lease's requests are answered. */
    const answering = (lease: Partial<LeaseAccess>): LockableCluster => ({
      ...scene.cluster,
      lease: { ...scene.cluster.lease, ...lease },
    });
    const forbidden = new ApiError({
      status: 403,
      reason: "Forbidden",
      message: 'leases.coordination.k8s.io "installer" is forbidden: User "ci" cannot update resource "leases"',
      request: "PUT leases/installer",
    });
    const conflict = new ApiError({ status: 409, reason: "Conflict", message: "modified", request: "PUT" });

    it("without the right to renew, it is written as long as nobody else may, and then no more", async () => {
      let denied = 0;
      const replace = async (): Promise<never> => {
        denied += 1;
        throw forbidden;
      };
      await scene.lock(
        "mine",
        async (held, lost) => {
          while (denied === 0) await sleep(10);
          await held.apply(note("answered"), { manager: "m" });
          await ended(lost);
          expect(lost.reason).toMatchObject({ id: "lock.stale", why: expect.stringContaining("cannot update") });
          await expect(held.apply(note("answered"), { manager: "m" })).rejects.toBe(lost.reason);
        },
        { through: answering({ replace }) },
      );
    });

    it("one denial that passes ends nothing", async () => {
      let denied = 0;
      const replace: LeaseAccess["replace"] = async (...args) => {
        denied += 1;
        if (denied === 1) throw forbidden;
        return scene.cluster.lease.replace(...args);
      };
      await scene.lock(
        "mine",
        async (held, lost) => {
          while (denied < 4) await sleep(10);
          await held.apply(note("answered"), { manager: "m" });
          expect(lost.aborted).toBe(false);
        },
        { through: answering({ replace }) },
      );
    });

    it("after a conflict nothing is written before it is known whose the lock is", async () => {
      let isAway = false;
      const away = (): never => {
        throw new Unreachable("https://cluster", "https://cluster refused the connection");
      };
      const replace: LeaseAccess["replace"] = async (...args) => {
        if (isAway) throw conflict;
        return scene.cluster.lease.replace(...args);
      };
      const get: LeaseAccess["get"] = async (...args) => (isAway ? away() : scene.cluster.lease.get(...args));
      await scene.lock(
        "mine",
        async (held, lost) => {
          isAway = true;
          await sleep(times.renewEvery * 1.5);
          await expect(held.apply(note("answered"), { manager: "m" })).rejects.toBeInstanceOf(Unreachable);
          isAway = false;
          await held.apply(note("answered"), { manager: "m" });
          expect(lost.aborted).toBe(false);
        },
        { through: answering({ get, replace }) },
      );
    });

    it("a server that answers every renewal with a conflict is not asked without end", async () => {
      let asked = 0;
      const replace = async (): Promise<never> => {
        asked += 1;
        throw conflict;
      };
      await scene.lock("mine", () => sleep(times.renewEvery * 1.5), { through: answering({ replace }) });
      expect(asked).toBeLessThan(20);
    });

    it("after the machine slept, the lock is renewed before anything is written", async () => {
      let slept = 0;
      const [clock, wallClock] = [() => 0, () => Date.now() + slept];
      await scene.lock(
        "mine",
        async (held, lost) => {
          slept = 3_600_000;
          await scene.cluster.mergePatch(LEASE, { spec: { holderIdentity: "other" } }, "o");
          await expect(held.apply(note("answered"), { manager: "m" })).rejects.toMatchObject({ id: "lock.lost" });
          expect(lost.aborted).toBe(true);
        },
        { clock, wallClock },
      );
      await scene.cluster.remove(LEASE, {});
    });
  });
});
