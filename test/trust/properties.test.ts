import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, openCluster } from "../../src/adapters/cluster/index.ts";
import { applyChange } from "../../src/changes/apply.ts";
import { challengesIn } from "../../src/changes/challenges.ts";
import type { ObjectChange } from "../../src/changes/index.ts";
import { planStep } from "../../src/changes/plan.ts";
import type { Step } from "../../src/changes/step.ts";
import { MANAGER, ownerOf, withOwner } from "../../src/kube/inventory.ts";
import { takeSnapshot } from "../../src/kube/snapshot.ts";
import { ApiError } from "../../src/ports/cluster.ts";
import { isRecord, type KubeObject, refOf } from "../../src/ports/object.ts";
import { createApi } from "../../src/sandbox/api/index.ts";
import { type Api, type Obj, StatusError } from "../../src/sandbox/types.ts";
import { patient } from "../patience.ts";
import { differences, overlaps, parsePath } from "./field-paths.ts";
import { gardenDefinition, objectsOf, randomKinds } from "./random-objects.ts";

/** Of each kind; `KN_TEST_RUNS=400` runs more. */
const RUNS = Number(process.env.KN_TEST_RUNS ?? 100);
/** The same cases on every machine; any other `KN_TEST_SEED` has to pass too. */
const SEED = Number(process.env.KN_TEST_SEED ?? 3);
const STEP = "random";

let api: Api;
let cluster: Cluster;

beforeAll(async () => {
  api = await createApi({ controllers: false });
  await api.create("kubectl", gardenDefinition as Obj);
  cluster = openCluster({
    context: "random",
    user: "admin",
    server: api.url,
    tls: { ca: api.ca, insecure: false },
    login: { token: api.token },
    warnings: [],
  });
});
afterAll(async () => {
  cluster.close();
  await api.close();
});

/** What a step that wants this object would do. */
const planFor = async (wanted: KubeObject): Promise<ObjectChange | undefined> => {
  const plan: Step["plan"] = (ctx) => ctx.reconcile([wanted]);
  const step: Step = { id: STEP, title: "", undo: "", needs: [], verify: [], plan };
  const live = takeSnapshot(cluster);
  const { changes } = await planStep(step, { goal: "present", live, now: () => new Date(), cluster }, "settled");
  const [change] = changes;
  return change?.kind === "object" ? change : undefined;
};

const apply = (change: ObjectChange, takeOwnership: boolean): Promise<void> =>
  applyChange(change, {
    cluster,
    takeOwnership,
    challenges: challengesIn(undefined),
    issue: async () => {},
    onWaiting: () => {},
    settleAccount: async () => {},
    remember: async () => {},
    now: () => new Date(),
    signal: new AbortController().signal,
  });

const reach = async (wanted: KubeObject): Promise<void> => {
  const change = await planFor(wanted);
  if (change) await apply(change, change.conflicts.length > 0);
};

/** As `kubectl edit` does: the object as it is, with some of it changed. */
const edit = async (object: KubeObject): Promise<void> => {
  const edited = await api.update("kubectl-edit", refOf(object), (draft) => merge(draft, object));
  if (!edited) await api.create("kubectl-edit", structuredClone(object) as Obj);
};
const merge = (into: Record<string, unknown>, from: Readonly<Record<string, unknown>>): void => {
  for (const [key, value] of Object.entries(from)) {
    const inner = into[key];
    if (isRecord(inner) && isRecord(value)) merge(inner, value);
    else into[key] = structuredClone(value);
  }
};

/** Everybody who may have written before us. */
const WRITERS = {
  ourselves: reach,
  "kubectl-edit": edit,
  argocd: (object: KubeObject) => cluster.apply(object, { manager: "argocd", force: true }),
  helm: (object: KubeObject) => cluster.apply(object, { manager: "helm", force: true }),
};
type Writer = keyof typeof WRITERS;
const writers = Object.keys(WRITERS) as Writer[];

/** 422: owners can take away what an object cannot be without. */
const isInvalid = (error: unknown): boolean =>
  (error instanceof ApiError && error.status === 422) || (error instanceof StatusError && error.status.code === 422);
const write = async (who: Writer, object: KubeObject): Promise<void> => {
  try {
    await WRITERS[who](object);
  } catch (error) {
    if (!isInvalid(error)) throw error;
  }
};

/** Without what every write moves. */
const contentOf = (object: KubeObject): KubeObject => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
};

/** Whether a path of a plan is, or is inside, one that the server names. The server does not quote keys. */
const isInside =
  (named: readonly string[]) =>
  (path: string): boolean => {
    const mine = parsePath(path.replace(/\["([^"]*)"\]/g, ".$1"));
    return named.map(parsePath).some((theirs) => mine.length >= theirs.length && overlaps(mine, theirs));
  };

describe.each(randomKinds)("a random $kind after random writes of random owners", (kind) => {
  const tally = { plans: 0, updates: 0, conflicts: 0, nothing: 0 };
  const objects = objectsOf(kind, "random");
  const past = fc.array(fc.tuple(fc.constantFrom(...writers), objects), { maxLength: 4 });
  /** Which of the writes is wanted again. */
  const again = fc.option(fc.nat({ max: 3 }));

  it("is planned as the server would do it, and applying that leaves nothing to plan and the rest as it was", {
    timeout: patient(60_000 + 200 * RUNS),
  }, async () => {
    const property = fc.asyncProperty(past, objects, again, async (writes, other, repeated) => {
      const wanted = writes[repeated ?? -1]?.[1] ?? other;
      const ref = refOf(wanted);
      await api.remove(ref);
      for (const [who, object] of writes) await write(who, object);
      const before = await cluster.get(ref);

      const labelled = before && !ownerOf(before) ? wanted : withOwner(wanted, STEP);
      const preview = await cluster.dryRun(labelled, { manager: MANAGER }).catch((error: unknown) => error);
      fc.pre(!isInvalid(preview));
      const change = await planFor(wanted);
      tally.plans++;
      // Somebody else's fields are conflicts in the plan exactly when the server would refuse them.
      const refusals = preview instanceof ApiError ? preview.conflicts.map(({ field }) => field) : [];
      const conflicts = (change?.conflicts ?? []).map(({ path }) => path);
      if (refusals.length === 0 && preview instanceof Error) throw preview;

      if (!change) {
        tally.nothing++;
        // What is owned but not stored (an empty text) may be refused; by force it would change nothing either.
        const forced = await cluster.dryRun(labelled, { manager: MANAGER, force: true });
        const missed = differences(contentOf(before as KubeObject), contentOf(forced), kind.listKeys);
        expect(missed, "the server would change").toEqual([]);
        return;
      }
      expect(conflicts.length > 0, "the plan has conflicts").toBe(refusals.length > 0);
      const free = change.fields.filter(({ path, from }) => from !== undefined && !conflicts.includes(path));
      expect(free.map(({ path }) => path).filter(isInside(refusals)), "shown as free, but somebody else's").toEqual([]);
      await apply(change, conflicts.length > 0).catch((error: unknown) => {
        fc.pre(!isInvalid(error));
        throw error;
      });
      expect(await planFor(wanted), "a second plan").toBeUndefined();
      const after = await cluster.get(ref);
      if (!before || !after) return;
      tally.updates++;
      if (conflicts.length > 0) tally.conflicts++;
      const planned = [...change.fields, ...change.conflicts].map(({ path }) => parsePath(path));
      const beside = differences(contentOf(before), contentOf(after), kind.listKeys).filter(
        (changed) => !planned.some((path) => overlaps(path, changed)),
      );
      expect(beside, "changed outside the plan").toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    process.stdout.write(
      `properties: ${kind.kind}: ${tally.plans} plans, ${tally.updates} updates applied, ${tally.conflicts} of them over conflicts, ${tally.nothing} without a change\n`,
    );
  });
});
