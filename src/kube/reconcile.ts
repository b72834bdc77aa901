import { isDeepStrictEqual } from "node:util";
import { hasBlank } from "../core/blank.ts";
import type { Goal } from "../core/change.ts";
import type { PlanMode } from "../core/plan.ts";
import { ApiError, type ClusterPreview } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { describe, type KubeObject, keyOf, refOf } from "../ports/object.ts";
import { compare } from "./compare.ts";
import { byWave, isCopy, MANAGER, ownerOf, withOwner } from "./inventory.ts";
import { deletions, type ObjectChange } from "./object-change.ts";
import type { Kind, Snapshot } from "./snapshot.ts";

export interface ReconcileOptions {
  /** Field manager; default `kn-bootstrap`, `kn-bootstrap-<step>` for values that are known only later (rule 1). */
  readonly manager?: string;
  /** Keys of `data` that another manager wrote and that have to go with this change. */
  readonly dropData?: readonly string[];
  /** Written only after the step's checks have passed. */
  readonly afterVerify?: true;
  /** These are fields of an object that another step makes: it gets no label, and while it is absent it is taken to exist by then. */
  readonly partial?: true;
}

export interface PlanContext {
  readonly live: Snapshot;
  readonly now: () => Date;
  /** Compares the objects that should exist with those that do. */
  readonly reconcile: (objects: readonly KubeObject[], options?: ReconcileOptions) => Promise<readonly ObjectChange[]>;
  /** Everything that carries the label of a step. */
  readonly ownedBy: (step: string) => Promise<readonly KubeObject[]>;
  /** Kinds that may hold objects in a namespace: all that the server can list. */
  readonly kindsInNamespaces: () => Promise<readonly Kind[]>;
  /** Deletes what an earlier run of this step made and `keep` does not name. */
  readonly prune: (keep: readonly KubeObject[]) => Promise<readonly ObjectChange[]>;
  /** Objects that exist during the run only; what an interrupted run left behind is removed. */
  readonly temporary: (objects: readonly KubeObject[]) => Promise<readonly ObjectChange[]>;
  readonly mode: PlanMode;
  /** Kinds that may carry our label; for the goal "absent" every kind that the server can list and delete. */
  readonly kinds: readonly Kind[];
  /** Says something in the plan that is no change. */
  readonly note: (text: string) => void;
}

export interface PlanOptions {
  readonly goal: Goal;
  readonly live: Snapshot;
  readonly now: () => Date;
  /** Absent: nothing is confirmed by dry run (`render`, read-only planning). */
  readonly cluster?: ClusterPreview;
  /** Kinds that may carry our label; for the goal "absent" every kind the server lists. */
  readonly kinds?: readonly Kind[];
}

/** What is planned for an object that is absent. With `partial` another step makes the object, and this one sets fields in it then. */
export const creation = (
  object: KubeObject,
  options: ReconcileOptions & { temporary?: true } = {},
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

/** Asks the server about a local difference; undefined: it would change nothing. */
const confirm = async (
  change: ObjectChange,
  live: KubeObject,
  cluster: ClusterPreview | undefined,
  mode: PlanMode,
): Promise<ObjectChange | undefined> => {
  if (!cluster || hasBlank(change.object) || change.dropData?.length) return change;
  try {
    const stored = await cluster.dryRun(change.object, { manager: change.manager });
    if (isDeepStrictEqual(content(stored), content(live))) return undefined;
    // The server saw no conflict: whoever owns an empty map does not own what is put into it.
    const free = change.conflicts.map(({ owner: _owner, ...difference }) => difference);
    return { ...change, fields: [...change.fields, ...free], conflicts: [], confirmed: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.conflicts.length > 0) {
      if (change.conflicts.length > 0) return change;
      return { ...change, conflicts: error.conflicts.map(({ field, owner }) => ({ path: field, owner })) };
    }
    // An earlier step may bring what the server now misses.
    if (mode !== "tentative" && (error.status === 400 || error.status === 422)) throw error;
    return change;
  }
};

/** An object without its status and without what every write changes. */
const content = ({ status: _status, metadata, ...object }: KubeObject): unknown => {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...object, metadata: kept };
};

/** Thrown when an object that another step made is gone: applying our fields would create it with nothing else in it. */
const vanished = (object: KubeObject): UserError =>
  new UserError({
    id: "run.vanished",
    what: `${describe(object)} was removed by somebody else while this ran.`,
    remedy: "Run the same command again: it makes it anew; what is done is kept.",
    kind: "failed",
  });

export const contextFor = (step: string, options: PlanOptions, mode: PlanMode, notes: string[]): PlanContext => {
  const { live, cluster } = options;

  const reconcileOne = async (wanted: KubeObject, settings: ReconcileOptions): Promise<ObjectChange | undefined> => {
    const found = await live.get(refOf(wanted));
    // A terminating object counts as absent; the write waits until it is gone.
    if (!found || found.metadata.deletionTimestamp) {
      if (settings.partial && mode === "final") throw vanished(wanted);
      return creation(settings.partial ? wanted : withOwner(wanted, step), settings, found?.metadata.uid);
    }
    // What somebody else made stays theirs: it gets our fields, never our label (rule 12).
    const labelled = !settings.partial && ownerOf(found) !== undefined ? withOwner(wanted, step) : wanted;
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
    return confirm(change, found, cluster, mode);
  };

  return {
    live,
    now: options.now,
    mode,
    kinds: options.kinds ?? [],
    note: (text) => notes.push(text),
    reconcile: async (objects, settings = {}) => {
      const sorted = [...objects].sort(byWave);
      return (await Promise.all(sorted.map((object) => reconcileOne(object, settings)))).filter(
        (change) => change !== undefined,
      );
    },
    ownedBy: (owner) => ownedBy(owner, options),
    kindsInNamespaces: async () => {
      const served = cluster ? await listableKinds(cluster) : (options.kinds ?? []);
      return served.filter(({ namespaced }) => namespaced);
    },
    prune: async (keep) => {
      const kept = new Set(keep.map(keyOf));
      return deletions((await ownedBy(step, options)).filter((object) => !kept.has(keyOf(object))));
    },
    temporary: async (objects) => {
      const found = await Promise.all(objects.map((object) => live.get(refOf(object))));
      const left = found.filter((object) => object !== undefined && ownerOf(object) === step) as KubeObject[];
      return [...deletions(left), ...objects.map((object) => creation(withOwner(object, step), { temporary: true }))];
    },
  };
};

/** Every kind that the server can list and delete. */
export const listableKinds = async (cluster: Pick<ClusterPreview, "resources">): Promise<readonly Kind[]> =>
  (await cluster.resources())
    .filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"))
    .map(({ apiVersion, kind, namespaced }) => ({ apiVersion, kind, namespaced }));

/** Everything that carries this step's label, whatever release or option made it. */
export const ownedBy = async (step: string, options: PlanOptions): Promise<readonly KubeObject[]> => {
  const lists = await Promise.all(
    (options.kinds ?? []).map(({ apiVersion, kind }) => options.live.owned(apiVersion, kind)),
  );
  return lists.flat().filter((object) => ownerOf(object) === step && !isCopy(object));
};
