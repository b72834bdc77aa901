import type { ClusterRead, ListQuery } from "../ports/cluster.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../ports/object.ts";
import { OWNER_LABEL } from "./inventory.ts";

/** The live cluster as of one moment: each kind is listed once and shared by everything that plans (rule 2). */
export interface Snapshot {
  readonly get: (ref: ObjectRef) => Promise<KubeObject | undefined>;
  /** Absent namespace: all of them. */
  readonly list: (apiVersion: string, kind: string, namespace?: string) => Promise<readonly KubeObject[]>;
  /** Those that carry our label. */
  readonly owned: (apiVersion: string, kind: string) => Promise<readonly KubeObject[]>;
  /** Those that carry a label of this key, in all namespaces. */
  readonly labelled: (apiVersion: string, kind: string, label: string) => Promise<readonly KubeObject[]>;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * Lists each kind once and answers everything from that (rule 2). Of Secrets only those with our label are listed, and others read
 * by name, so that other people's never enter memory.
 */
export const takeSnapshot = (cluster: ClusterRead): Snapshot => {
  const lists = new Map<string, Promise<ReadonlyMap<string, KubeObject>>>();
  const load = (apiVersion: string, kind: string, namespace?: string): Promise<ReadonlyMap<string, KubeObject>> => {
    const id = `${apiVersion}/${kind}/${namespace ?? ""}`;
    let list = lists.get(id);
    if (!list) {
      list = (async () => {
        if (!(await cluster.resource(apiVersion, kind))) return new Map();
        const items = await cluster.list({ apiVersion, kind, ...(namespace ? { namespace } : {}) });
        return new Map(items.map((item) => [keyOf(item), item]));
      })();
      lists.set(id, list);
    }
    return list;
  };
  const marked = new Map<string, Promise<readonly KubeObject[]>>();
  const labelled = async (apiVersion: string, kind: string, label: string): Promise<readonly KubeObject[]> => {
    if (lists.has(`${apiVersion}/${kind}/`))
      return [...(await load(apiVersion, kind)).values()].filter(({ metadata }) => label in (metadata.labels ?? {}));
    const id = `${apiVersion}/${kind}/${label}`;
    const list = marked.get(id) ?? cluster.list({ apiVersion, kind, labelSelector: label });
    marked.set(id, list);
    return list;
  };
  const owned = (apiVersion: string, kind: string) => labelled(apiVersion, kind, OWNER_LABEL);
  const secret = async (ref: ObjectRef): Promise<KubeObject | undefined> => {
    const ours = (await owned(ref.apiVersion, ref.kind)).find((item) => keyOf(item) === keyOf(ref));
    return ours ?? cluster.get(ref);
  };
  const secretOnce = once(secret, keyOf);
  return {
    get: async (ref) =>
      ref.kind === "Secret" ? secretOnce(ref) : (await load(ref.apiVersion, ref.kind)).get(keyOf(ref)),
    list: async (apiVersion, kind, namespace) => {
      const isLoaded = namespace !== undefined && lists.has(`${apiVersion}/${kind}/`);
      const items = [...(await load(apiVersion, kind, isLoaded ? undefined : namespace)).values()];
      return isLoaded ? items.filter(({ metadata }) => (metadata.namespace ?? namespace) === namespace) : items;
    },
    owned,
    labelled,
  };
};

/** From so many objects of one kind and namespace on, one list is cheaper than single reads. */
const MANY = 4;

/** For the plan of one step just before it runs. Each object is read once: by name, or in a list when many are asked for at once. */
export const stepSnapshot = (cluster: ClusterRead): Snapshot => {
  /** Whether the server serves a kind; an earlier step may have brought it, so an unknown one is looked up again. */
  const isServed = async (apiVersion: string, kind: string): Promise<boolean> =>
    ((await cluster.resource(apiVersion, kind)) ?? (await cluster.resource(apiVersion, kind, true))) !== undefined;
  const whereServed =
    <Q extends readonly unknown[]>(
      ask: (apiVersion: string, kind: string, ...rest: Q) => Promise<readonly KubeObject[]>,
    ) =>
    async (apiVersion: string, kind: string, ...rest: Q): Promise<readonly KubeObject[]> =>
      (await isServed(apiVersion, kind)) ? ask(apiVersion, kind, ...rest) : [];
  const direct = directSnapshot(cluster);
  const list = whereServed(direct.list);
  interface Batch {
    readonly refs: ObjectRef[];
    readonly found: Promise<readonly KubeObject[]>;
  }
  const batches = new Map<string, Batch>();

  const begin = (place: string): Batch => {
    const refs: ObjectRef[] = [];
    const look = async (): Promise<readonly KubeObject[]> => {
      // Meanwhile the other questions of the same moment join the batch.
      await new Promise(setImmediate);
      batches.delete(place);
      const [{ apiVersion, kind, namespace } = { apiVersion: "", kind: "" }] = refs;
      if (!(await isServed(apiVersion, kind))) return [];
      if (refs.length >= MANY && kind !== "Secret") return list(apiVersion, kind, namespace);
      return (await Promise.all(refs.map(cluster.get))).filter((object) => object !== undefined);
    };
    const batch = { refs, found: look() };
    batches.set(place, batch);
    return batch;
  };
  const get = async (ref: ObjectRef): Promise<KubeObject | undefined> => {
    const place = JSON.stringify([ref.apiVersion, ref.kind, ref.namespace]);
    const batch = batches.get(place) ?? begin(place);
    batch.refs.push(ref);
    return (await batch.found).find((object) => keyOf(object) === keyOf(ref));
  };
  return {
    get: once(get, keyOf),
    list: once(list),
    owned: once(whereServed(direct.owned)),
    labelled: once(whereServed(direct.labelled)),
  };
};

/** The same snapshot; each question is sent once. */
const once = <Q extends readonly unknown[], T>(
  ask: (...question: Q) => Promise<T>,
  idOf: (...question: Q) => string = (...question) => JSON.stringify(question),
): ((...question: Q) => Promise<T>) => {
  const answers = new Map<string, Promise<T>>();
  return (...question) => {
    const answer = answers.get(idOf(...question)) ?? ask(...question);
    answers.set(idOf(...question), answer);
    return answer;
  };
};

/** Reads each object by name and keeps nothing: for accounts that may not list, and for few objects. */
export const directSnapshot = (cluster: ClusterRead): Snapshot => ({
  get: cluster.get,
  list: (apiVersion, kind, namespace) => cluster.list({ apiVersion, kind, ...(namespace ? { namespace } : {}) }),
  owned: (apiVersion, kind) => cluster.list({ apiVersion, kind, labelSelector: OWNER_LABEL }),
  labelled: (apiVersion, kind, labelSelector) => cluster.list({ apiVersion, kind, labelSelector }),
});

/** Equality, existence or `key in (a,b)`, as our checks write them. */
export const selects = (selector: string | undefined, labels: Readonly<Record<string, string>> = {}): boolean =>
  (selector?.match(/[^,(]+(?:\([^)]*\))?/g) ?? []).every((term) => {
    const [, among, values = ""] = /^(\S+) in \((.*)\)$/.exec(term) ?? [];
    if (among !== undefined) return values.split(",").includes(labels[among] ?? "");
    const [key = "", value] = term.split("=");
    return value === undefined ? key in labels : labels[key] === value;
  });

/**
 * A cluster whose reads come from the snapshot, so that checks and plans of one moment share its lists. Label selectors as
 * {@link selects} reads them.
 */
export const throughSnapshot = <T extends ClusterRead>(cluster: T, live: Snapshot): T => ({
  ...cluster,
  get: live.get,
  list: async ({ apiVersion, kind, namespace, labelSelector }: ListQuery) => {
    const items = await live.list(apiVersion, kind, kind === "Secret" ? namespace : undefined);
    return items.filter(
      ({ metadata }) =>
        (namespace === undefined || metadata.namespace === namespace) && selects(labelSelector, metadata.labels),
    );
  },
});

/** An empty cluster, for planning without a real one. */
export const emptySnapshot: Snapshot = {
  get: async () => undefined,
  list: async () => [],
  owned: async () => [],
  labelled: async () => [],
};
