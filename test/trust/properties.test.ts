import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import type { ObjectChange } from "../../src/core/change.ts";
import { planStep } from "../../src/core/plan.ts";
import { takeSnapshot } from "../../src/core/snapshot.ts";
import type { Step } from "../../src/core/step.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import { dataOf, type KubeObject, refOf } from "../../src/ports/object.ts";
import { stage } from "../engine/cli.ts";
import { gardenDefinition, objectsOf, randomKinds } from "./random-objects.ts";

const OURS = "kn-bootstrap";
const RUNS = 40;

/** What people see of an object: everything but what each write moves. */
const content = ({ metadata, ...object }: KubeObject): unknown => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...object, metadata: kept };
};

describe("any object over any prior state and any owners", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let cluster: Cluster;

  beforeAll(async () => {
    world = await stage();
    cluster = openCluster(await loadKubeconfig({ path: world.kubeconfig, env: {} }));
    await cluster.apply(gardenDefinition, { manager: "test" });
  });
  afterAll(async () => {
    cluster.close();
    await world.close();
  });

  const gone = async (object: KubeObject): Promise<void> => {
    await cluster.remove(refOf(object), {});
    while (await cluster.get(refOf(object))) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const live = async (object: KubeObject): Promise<KubeObject> => {
    const found = await cluster.get(refOf(object));
    if (!found) throw new Error("it was just applied");
    return found;
  };

  /** What the server refuses as invalid is no case: owners can take parts of an object away that it cannot be without. */
  const valid = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      fc.pre(!(error instanceof ApiError && error.status === 422));
      throw error;
    }
  };

  /** As install does it. */
  const plan = async (wanted: KubeObject): Promise<readonly ObjectChange[]> => {
    const step: Step = {
      id: "test",
      title: "",
      undo: "",
      needs: [],
      verify: [],
      plan: (ctx) => ctx.reconcile([wanted]),
    };
    const planned = await valid(() =>
      planStep(step, { goal: "present", live: takeSnapshot(cluster), now: () => new Date(), cluster }, false),
    );
    return planned.changes as readonly ObjectChange[];
  };

  it.each(randomKinds.map((kind) => [kind.kind, kind] as const))(
    `%s: what is planned is applied, then nothing is left to plan; foreign fields survive (${RUNS} runs)`,
    async (_name, kind) => {
      const objects = objectsOf(kind, "random");
      const prior = fc.option(objects, { nil: undefined });
      await fc.assert(
        fc.asyncProperty(objects, prior, prior, async (wanted, theirs, earlier) => {
          await gone(wanted);
          if (theirs) await cluster.apply(theirs, { manager: "somebody" });
          if (earlier) await valid(() => cluster.apply(earlier, { manager: OURS, force: true }));
          if (theirs ?? earlier) {
            const before = await live(wanted);
            const [change] = await plan(wanted);
            if (!change) return;
            // Without a conflict in the plan the server must find none either.
            await valid(() => cluster.apply(change.object, { manager: OURS, force: change.conflicts.length > 0 }));
            const after = await live(wanted);
            expect(isDeepStrictEqual(content(after), content(before)), JSON.stringify(change)).toBe(false);
            const mine = new Set([...Object.keys(dataOf(wanted)), ...Object.keys(dataOf(earlier))]);
            for (const [key, value] of Object.entries(dataOf(theirs)))
              if (!mine.has(key)) expect(dataOf(after)[key]).toBe(value);
          } else await cluster.apply(wanted, { manager: OURS });
          expect(await plan(wanted)).toEqual([]);
        }),
        { numRuns: RUNS, seed: 20_261_120 },
      );
    },
    60_000,
  );
});
