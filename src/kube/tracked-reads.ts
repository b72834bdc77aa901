import { ApiError, type ClusterRead, type ListQuery } from "../ports/cluster.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../ports/object.ts";
import { aloneIn, contains, idOf, type WatchCache } from "./watch-cache.ts";

/** A query that a check has sent, and its answer. */
export interface Read {
  readonly query: ListQuery;
  /** Absent: the check has read single objects of it, not the whole list. */
  readonly seen?: readonly KubeObject[];
}

/** A cluster whose reads are remembered. */
export interface TrackedReads {
  readonly cluster: ClusterRead;
  /** The queries that a watch needs, besides `already`, to notice every change in what was read. */
  readonly reads: (already: readonly ListQuery[]) => Promise<readonly Read[]>;
}

/** From so many objects of one kind and namespace on, one watch follows the whole namespace. */
const MANY = 3;

/** Remembers every read of one run of a check. Answers come from the watches where there is one; the same question is asked once. */
export const trackReads = (cluster: ClusterRead, cache?: WatchCache): TrackedReads => {
  const lists = new Map<string, { readonly query: ListQuery; readonly answer: Promise<readonly KubeObject[]> }>();
  const gets = new Map<string, { readonly ref: ObjectRef; readonly answer: Promise<KubeObject | undefined> }>();
  return {
    cluster: {
      ...cluster,
      // What is watched is whole.
      list: ({ metadataOnly: _, ...query }) => {
        const id = idOf(query);
        const ask = async () => (await cache?.list(query)) ?? cluster.list(query);
        const read = lists.get(id) ?? { query, answer: ask() };
        lists.set(id, read);
        return read.answer;
      },
      get: (ref) => {
        const key = `${ref.apiVersion} ${keyOf(ref)}`;
        const ask = async () => {
          const known = await cache?.get(ref);
          return known ? known.object : cluster.get(ref);
        };
        const read = gets.get(key) ?? { ref, answer: ask() };
        gets.set(key, read);
        return read.answer;
      },
    },
    reads: async (already) => {
      const whole = await Promise.all([...lists.values()].map(async ({ query, answer }) => readOf(query, answer)));
      const queries = [...already, ...lists.values().map(({ query }) => query)];
      const single = [...gets.values()].filter(
        ({ ref }) => !queries.some((query) => query.labelSelector === undefined && contains(query, ref)),
      );
      const groups = Map.groupBy(single, ({ ref }) => idOf({ ...ref, fieldSelector: "" }));
      const parts = [...groups.values()].map(async (alike) => {
        const { apiVersion, kind, namespace } = alike[0]?.ref ?? { apiVersion: "", kind: "" };
        // A list would bring other people's Secrets into memory.
        if (alike.length >= MANY && kind !== "Secret")
          return [{ query: { apiVersion, kind, ...(namespace ? { namespace } : {}) } }];
        const one = async ({ ref, answer }: (typeof alike)[number]) =>
          readOf(
            aloneIn(ref),
            answer.then((object) => (object ? [object] : [])),
          );
        return (await Promise.all(alike.map(one))).flat();
      });
      return [...whole, ...(await Promise.all(parts))].flat();
    },
  };
};

/** Empty where the account may not read it. */
const readOf = async (query: ListQuery, answer: Promise<readonly KubeObject[]>): Promise<readonly Read[]> => {
  try {
    return [{ query, seen: await answer }];
  } catch (error) {
    return error instanceof ApiError && error.status === 403 ? [] : [{ query }];
  }
};
