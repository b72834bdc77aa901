import { setTimeout as sleep } from "node:timers/promises";
import type { Listener } from "../core/wait.ts";
import type { ClusterRead, ClusterWrite, ListQuery } from "../ports/cluster.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../ports/object.ts";

/** What all waits of a run read, kept up to date by one watch for each collection. */
export interface WatchCache {
  /** Undefined: no watch covers it, so the server has to be asked. */
  readonly list: (query: ListQuery) => Promise<readonly KubeObject[] | undefined>;
  readonly get: (ref: ObjectRef) => Promise<{ readonly object: KubeObject | undefined } | undefined>;
  /** Starts a watch where there is none. `seen` is the whole list as it was just read. Calls the listener until the returned function is called. */
  readonly follow: (query: ListQuery, seen: readonly KubeObject[] | undefined, listener: Listener) => () => void;
  /** The same cluster. What is written through it makes older copies of the object stale at once. */
  readonly noting: (cluster: ClusterWrite) => ClusterWrite;
}

interface Collection {
  readonly query: ListQuery;
  readonly objects: Map<string, KubeObject>;
  readonly listeners: Set<Listener>;
  readonly stop: AbortController;
  state: "unknown" | "known" | "refused";
}

/** Milliseconds. A write that no watch has reported after `latest` never will be: somebody has deleted the object since. */
const TOLD = { soon: 250, lookEvery: 10, latest: 5_000 };

/** All watches end with `signal`. */
export const createWatchCache = (cluster: Pick<ClusterRead, "watch">, signal: AbortSignal): WatchCache => {
  const collections = new Map<string, Collection>();
  const writes = new Map<string, { readonly object: KubeObject; readonly at: number }>();

  /** Whether the watch has not yet reported something that we wrote. */
  const isBehind = ({ query, objects }: Collection): boolean => {
    for (const [key, { object, at }] of writes) {
      if (performance.now() - at > TOLD.latest) writes.delete(key);
      else if (contains(query, { ...object, ...object.metadata }) && !isAsNew(objects.get(key), object)) return true;
    }
    return false;
  };
  /** Waits a little for the watch, which is mostly as fast as the answer to a write. */
  const isKnown = async (collection: Collection): Promise<boolean> => {
    const began = performance.now();
    while (collection.state === "known" && isBehind(collection)) {
      if (performance.now() - began > TOLD.soon) return false;
      await sleep(TOLD.lookEvery);
    }
    return collection.state === "known";
  };

  const begin = async (collection: Collection, seen: readonly KubeObject[] = []): Promise<void> => {
    const { query, objects, listeners, stop } = collection;
    let isNews = false;
    try {
      for await (const event of cluster.watch(query, AbortSignal.any([signal, stop.signal]), seen)) {
        if (event.type === "SYNCED") collection.state = "known";
        else isNews = true;
        if (event.type === "DELETED") objects.delete(keyOf(event.object));
        else if (event.type !== "SYNCED") objects.set(keyOf(event.object), event.object);
        if (!isNews || collection.state !== "known") continue;
        isNews = false;
        for (const { onNews } of listeners) onNews();
      }
    } catch {
      // The collection is read by lists from now on, as where an account may not watch.
      collection.state = "refused";
      for (const { onRefused } of listeners) onRefused();
    }
  };

  const note = (object: KubeObject): KubeObject => {
    writes.set(keyOf(object), { object, at: performance.now() });
    return object;
  };

  return {
    list: async (query) => {
      const collection = collections.get(idOf(query));
      return collection && (await isKnown(collection)) ? [...collection.objects.values()] : undefined;
    },
    get: async (ref) => {
      const collection = [...collections.values()].find(
        ({ query, state }) => state === "known" && query.labelSelector === undefined && contains(query, ref),
      );
      return collection && (await isKnown(collection)) ? { object: collection.objects.get(keyOf(ref)) } : undefined;
    },
    follow: (query, seen, listener) => {
      const id = idOf(query);
      const found = collections.get(id);
      const collection: Collection = found ?? {
        query,
        objects: new Map(seen?.map((object) => [keyOf(object), object])),
        listeners: new Set(),
        stop: new AbortController(),
        state: seen ? "known" : "unknown",
      };
      collection.listeners.add(listener);
      collections.set(id, collection);
      if (!found) void begin(collection, seen);
      else if (found.state === "refused") listener.onRefused();
      // Something may have come between the listener's read and now.
      else listener.onNews();
      return () => {
        collection.listeners.delete(listener);
        // A whole collection stays watched, as others will need it; single objects are many, and each is waited for once.
        if (collection.listeners.size > 0 || query.fieldSelector === undefined) return;
        collections.delete(id);
        collection.stop.abort();
      };
    },
    noting: (writing) => ({
      ...writing,
      apply: async (...wanted) => {
        const answer = await writing.apply(...wanted);
        note(answer.object);
        return answer;
      },
      mergePatch: async (...wanted) => note(await writing.mergePatch(...wanted)),
      create: async (...wanted) => note(await writing.create(...wanted)),
      replace: async (...wanted) => note(await writing.replace(...wanted)),
      remove: (ref, preconditions) => {
        writes.delete(keyOf(ref));
        return writing.remove(ref, preconditions);
      },
    }),
  };
};

export const idOf = ({ apiVersion, kind, namespace, labelSelector, fieldSelector }: ListQuery): string =>
  JSON.stringify([apiVersion, kind, namespace, labelSelector, fieldSelector]);

/** The collection that holds this object and no other. */
export const aloneIn = ({ name, ...place }: ObjectRef): ListQuery => ({
  ...place,
  fieldSelector: `metadata.name=${name}`,
});

/** Whether a collection covers an object, judged by kind and namespace only. */
export const contains = (query: ListQuery, { apiVersion, kind, namespace, name }: ObjectRef): boolean =>
  query.apiVersion === apiVersion &&
  query.kind === kind &&
  (query.namespace === undefined || query.namespace === namespace) &&
  (query.fieldSelector === undefined || query.fieldSelector === `metadata.name=${name}`);

/** Versions of objects are numbers that rise (Kubernetes 1.35 says so, and etcd never did otherwise); others are only equal or not. */
const isAsNew = (object: KubeObject | undefined, written: KubeObject): boolean => {
  const [version = "", wanted = ""] = [object?.metadata.resourceVersion, written.metadata.resourceVersion];
  if (version === wanted) return true;
  return /^\d+$/.test(version) && /^\d+$/.test(wanted) && BigInt(version) > BigInt(wanted);
};
