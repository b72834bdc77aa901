import { isDeepStrictEqual } from "node:util";
import { compare } from "../kube/compare.ts";
import { byRemovalWave, byWave, isCopy, MANAGER, ownerOf, withOwner } from "../kube/inventory.ts";
import { ApiError, type ClusterPreview } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { describe, type KubeObject, keyOf, refOf } from "../ports/object.ts";
import { hasBlank } from "./blank.ts";
import { type Change, type Goal, type ObjectChange, type Plan, type StepPlan, withDifferences } from "./change.ts";
import { order, reverse } from "./order.ts";
import type { Kind, PlanContext, ReconcileOptions, Snapshot, Step } from "./step.ts";

export interface PlanOptions {
  readonly goal: Goal;
  readonly live: Snapshot;
  readonly now: () => Date;
  /** Absent: nothing is confirmed by dry run (`render`, read-only planning). */
  readonly cluster?: ClusterPreview;
  /** Kinds that may carry our label; for the goal "absent" every kind the server lists. */
  readonly kinds?: readonly Kind[];
  /** See {@link PlanContext}. */
  readonly firm?: boolean;
}

/** A deletion of exactly this live object. */
export const deletion = (object: KubeObject): ObjectChange => ({
  kind: "object",
  action: "delete",
  object,
  manager: MANAGER,
  fields: [],
  conflicts: [],
  confirmed: true,
  ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
});

const creation = (
  object: KubeObject,
  options: ReconcileOptions & { temporary?: true },
  earlier?: string,
): ObjectChange => ({
  kind: "object",
  action: options.partial ? "update" : "create",
  object,
  manager: options.manager ?? MANAGER,
  fields: [],
  conflicts: [],
  confirmed: false,
  ...(options.temporary ? { temporary: true } : {}),
  ...(options.afterVerify ? { afterVerify: true } : {}),
  ...(earlier ? { earlier } : {}),
});

/**
 * Asks the server about a local difference; undefined: it would change nothing. `early`: a step that comes before has changes, which may
 * be what the server's denial waits for.
 */
const confirm = async (
  change: ObjectChange,
  live: KubeObject,
  cluster: ClusterPreview | undefined,
  early: boolean,
): Promise<ObjectChange | undefined> => {
  if (!cluster || hasBlank(change.object) || change.dropData?.length) return change;
  try {
    const stored = await cluster.dryRun(change.object, { manager: change.manager });
    if (isDeepStrictEqual(content(stored), content(live))) return undefined;
    // Nothing of it was somebody else's: who owns an empty map does not own what is put into it.
    const free = change.conflicts.map(({ owner: _owner, ...difference }) => difference);
    return { ...change, fields: [...change.fields, ...free], conflicts: [], confirmed: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.conflicts.length > 0) {
      if (change.conflicts.length > 0) return change;
      return { ...change, conflicts: error.conflicts.map(({ field, owner }) => ({ path: field, owner })) };
    }
    if (!early && (error.status === 400 || error.status === 422)) throw error;
    return change;
  }
};

/** An object without what every write moves, and without what its controllers say of it. */
const content = ({ status: _status, metadata, ...object }: KubeObject): unknown => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...object, metadata: kept };
};

/** Written now, our fields would be the whole object: without its label, and so nobody's. */
const vanished = (object: KubeObject): UserError =>
  new UserError({
    id: "run.vanished",
    what: `${describe(object)} was removed by somebody else while this ran.`,
    remedy: "Run the same command again: it makes it anew; what is done is kept.",
    kind: "failed",
  });

/** Deletes in the order that hurts nobody; an object that is already going is left to go. */
export const deletions = (objects: readonly KubeObject[]): readonly ObjectChange[] =>
  [...objects].sort(byRemovalWave).map(deletion);

const contextFor = (step: Step, options: PlanOptions, upstream: boolean, notes: string[]): PlanContext => {
  const { live, cluster } = options;

  const reconcileOne = async (wanted: KubeObject, settings: ReconcileOptions): Promise<ObjectChange | undefined> => {
    const found = await live.get(refOf(wanted));
    // What is going away counts as gone; writing waits until it is.
    if (!found || found.metadata.deletionTimestamp) {
      if (settings.partial && options.firm) throw vanished(wanted);
      return creation(settings.partial ? wanted : withOwner(wanted, step.id), settings, found?.metadata.uid);
    }
    // What somebody else made stays theirs: it gets our fields, never our label (rule 12).
    const labelled = !settings.partial && ownerOf(found) !== undefined ? withOwner(wanted, step.id) : wanted;
    const manager = settings.manager ?? MANAGER;
    const difference = compare(labelled, found, manager);
    const dropData = (settings.dropData ?? []).filter((key) => key in ((found.data as object | undefined) ?? {}));
    const fields = [
      ...difference.fields,
      ...dropData.map((key) => ({
        path: `.data[${JSON.stringify(key)}]`,
        from: (found.data as Record<string, unknown>)[key],
      })),
    ];
    if (fields.length === 0 && difference.conflicts.length === 0) return undefined;
    const change: ObjectChange = {
      kind: "object",
      action: "update",
      object: difference.object,
      manager,
      fields,
      conflicts: difference.conflicts,
      confirmed: false,
      ...(dropData.length > 0 ? { dropData } : {}),
      ...(ownerOf(found) === undefined ? { foreign: true } : {}),
      ...(settings.afterVerify ? { afterVerify: true } : {}),
      ...(found.metadata.uid ? { uid: found.metadata.uid } : {}),
    };
    return confirm(change, found, cluster, upstream && options.firm !== true);
  };

  return {
    live,
    now: options.now,
    upstream,
    firm: options.firm === true,
    kinds: options.kinds ?? [],
    note: (text) => notes.push(text),
    reconcile: async (objects, settings = {}) => {
      const sorted = [...objects].sort(byWave);
      return (await Promise.all(sorted.map((object) => reconcileOne(object, settings)))).filter(
        (change) => change !== undefined,
      );
    },
    prune: async (keep) => {
      const kept = new Set(keep.map(keyOf));
      return deletions((await ownedBy(step, options)).filter((object) => !kept.has(keyOf(object))));
    },
    temporary: async (objects) => {
      const found = await Promise.all(objects.map((object) => live.get(refOf(object))));
      const left = found.filter((object) => object !== undefined && ownerOf(object) === step.id) as KubeObject[];
      return [
        ...deletions(left),
        ...objects.map((object) => creation(withOwner(object, step.id), { temporary: true })),
      ];
    },
  };
};

/** Plans one step against one snapshot. */
export const planStep = async (step: Step, options: PlanOptions, upstream: boolean): Promise<StepPlan> => {
  const notes: string[] = [];
  const ctx = contextFor(step, options, upstream, notes);
  const changes = options.goal === "present" ? await step.plan(ctx) : await planAbsent(step, options, ctx);
  const title = options.goal === "present" ? step.title : step.undo;
  return { step: step.id, title, changes: changes.map(withDifferences), notes };
};

const planAbsent = async (step: Step, options: PlanOptions, ctx: PlanContext): Promise<readonly Change[]> => {
  const owned = await ownedBy(step, options);
  return step.absent ? step.absent(ctx, owned) : deletions(owned);
};

/** Everything that carries this step's label, whatever release or option made it. */
const ownedBy = async (step: Step, options: PlanOptions): Promise<readonly KubeObject[]> => {
  const lists = await Promise.all(
    (options.kinds ?? []).map(({ apiVersion, kind }) => options.live.owned(apiVersion, kind)),
  );
  return lists.flat().filter((object) => ownerOf(object) === step.id && !isCopy(object));
};

/**
 * What differs, step by step. Steps are planned in their order because a later one may ask whether an earlier one has changes;
 * their reading overlaps all the same, through the shared snapshot.
 */
export const makePlan = async (steps: readonly Step[], options: PlanOptions): Promise<Plan> => {
  const sorted = options.goal === "present" ? order(steps) : reverse(steps);
  // Every list is on its way before the first step asks for one.
  if (options.goal === "present") prefetch(options);
  const changed = new Set<string>();
  const planned: StepPlan[] = [];
  for (const step of sorted) {
    const upstream = step.needs.some((id) => changed.has(id));
    const plan = await planStep(step, options, upstream);
    if (upstream || plan.changes.length > 0) changed.add(step.id);
    planned.push(plan);
  }
  return { goal: options.goal, steps: planned };
};

const prefetch = ({ live, kinds = [] }: PlanOptions): void => {
  for (const { apiVersion, kind } of kinds) if (kind !== "Secret") live.list(apiVersion, kind).catch(() => {});
};
