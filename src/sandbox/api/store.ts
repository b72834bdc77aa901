/**
 * The generic store: every object by resource, namespace and name, under one rising resourceVersion, with the history that
 * watches resume from. Stored objects are never changed in place, so their JSON is kept once it was needed.
 */

import type { ChangeEvent, Obj } from "../types.ts";

export interface Change extends ChangeEvent {
  /** `group/plural`. */
  readonly key: string;
  readonly version: number;
  /** The object before; absent for ADDED. */
  readonly before?: Obj;
}

export interface Store {
  /** Of the last write. */
  readonly version: () => number;
  readonly get: (key: string, namespace: string, name: string) => Obj | undefined;
  /** By namespace, then name. */
  readonly list: (key: string, namespace?: string) => readonly Obj[];
  readonly keys: () => Iterable<string>;
  /** Writes with the next resourceVersion and returns what is stored; `before` must be what the store holds. */
  readonly put: (key: string, object: Obj, before: Obj | undefined) => Obj;
  /** Removes and returns the object with the resourceVersion of its removal. */
  readonly remove: (key: string, before: Obj) => Obj;
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** Changes after a version, oldest first; undefined when some of them are forgotten. */
  readonly since: (version: number, key: string) => readonly Change[] | undefined;
  /** Forgets all history, as compaction does. */
  readonly forget: () => void;
}

/** What is stored of a resource in one namespace, by name. */
interface Shelf {
  readonly objects: Map<string, Obj>;
  sorted?: readonly Obj[] | undefined;
}

interface Table {
  /** By namespace. */
  readonly shelves: Map<string, Shelf>;
  sorted?: readonly Obj[] | undefined;
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const sortedShelf = (shelf: Shelf): readonly Obj[] => {
  shelf.sorted ??= [...shelf.objects].sort(byKey).map(([, object]) => object);
  return shelf.sorted;
};

/** In the order of etcd's keys: `team-1/a` before `team/a`. */
const sortedTable = (table: Table): readonly Obj[] => {
  table.sorted ??= [...table.shelves]
    .map(([namespace, shelf]) => [`${namespace}/`, shelf] as const)
    .sort(byKey)
    .flatMap(([, shelf]) => sortedShelf(shelf));
  return table.sorted;
};

/** `history`: how many changes are kept for watches to resume. */
export function createStore(history: number): Store {
  // etcd's first revision is 1 and a cluster writes before anyone can ask.
  let last = 100;
  let forgotten = last;
  const tables = new Map<string, Table>();
  let changes: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  const waiting: Change[] = [];
  let draining = false;

  /** Where an object is to be written, which changes the lists it is in. */
  const opened = (key: string, namespace = ""): Shelf => {
    const table = tables.get(key) ?? { shelves: new Map<string, Shelf>() };
    const shelf = table.shelves.get(namespace) ?? { objects: new Map<string, Obj>() };
    tables.set(key, table);
    table.shelves.set(namespace, shelf);
    table.sorted = undefined;
    shelf.sorted = undefined;
    return shelf;
  };

  /** Listeners run in order after the writer has returned, so they may write themselves. */
  const announce = (change: Change): void => {
    changes.push(change);
    if (changes.length > 2 * history) {
      changes = changes.slice(-history);
      forgotten = (changes[0]?.version ?? last) - 1;
    }
    waiting.push(change);
    if (!draining) queueMicrotask(drain);
    draining = true;
  };
  const drain = (): void => {
    try {
      for (let change = waiting.shift(); change; change = waiting.shift())
        for (const listener of [...listeners]) listener(change);
    } finally {
      draining = waiting.length > 0;
      if (draining) queueMicrotask(drain);
    }
  };

  const stamped = (object: Obj): Obj => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(++last) },
  });

  return {
    version: () => last,
    get: (key, namespace, name) => tables.get(key)?.shelves.get(namespace)?.objects.get(name),
    list: (key, namespace) => {
      const table = tables.get(key);
      if (!table) return [];
      if (namespace === undefined) return sortedTable(table);
      const shelf = table.shelves.get(namespace);
      return shelf ? sortedShelf(shelf) : [];
    },
    keys: () => tables.keys(),
    put: (key, object, before) => {
      const stored = stamped(object);
      opened(key, stored.metadata.namespace).objects.set(stored.metadata.name, stored);
      announce({
        type: before ? "MODIFIED" : "ADDED",
        object: stored,
        key,
        version: last,
        ...(before ? { before } : {}),
      });
      return stored;
    },
    remove: (key, before) => {
      opened(key, before.metadata.namespace).objects.delete(before.metadata.name);
      const gone = stamped(before);
      announce({ type: "DELETED", object: gone, key, version: last, before });
      return gone;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    since: (version, key) => {
      if (version < forgotten) return undefined;
      return changes.filter((change) => change.version > version && change.key === key);
    },
    forget: () => {
      changes = [];
      forgotten = last;
    },
  };
}

const texts = new WeakMap<Obj, string>();

/** The object as JSON; serialised once per stored version. */
export function textOf(object: Obj): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}
