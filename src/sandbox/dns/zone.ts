/** What a zone holds, in versions: a server may still answer an older one. */

import { isWithin, nameOf, reversed } from "./names.ts";
import { canonical } from "./values.ts";

/** All records of one name and type; with routing, one of several such sets. */
export interface RecordSet {
  /** Absolute, lower case, without the trailing dot. */
  readonly name: string;
  readonly type: string;
  /** Seconds; absent for an alias. */
  readonly ttl?: number;
  /** As zone files write them; see values.ts. Empty for an alias. */
  readonly values: readonly string[];
  /** Answers with what a name that the world knows, or another set of this zone, answers. */
  readonly alias?: { readonly target: string; readonly zone: string; readonly evaluateTargetHealth: boolean };
  readonly routing?: Routing;
}

/** Route 53's choice among sets of one name and type. `region`, `failover` and the like are kept and not understood. */
export interface Routing {
  readonly id: string;
  readonly multivalue?: boolean;
  readonly weight?: number;
  readonly other?: Readonly<Record<string, string>>;
}

export type Content = ReadonlyMap<string, readonly RecordSet[]>;

/** The state that an edit works on; nothing of it is seen before the edit has returned. */
export interface Draft {
  readonly at: (name: string) => readonly RecordSet[];
  readonly get: (name: string, type: string, id?: string) => RecordSet | undefined;
  /** Adds or replaces. Throws TypeError when a value does not fit its type or the name is not in the zone. */
  readonly put: (set: RecordSet) => void;
  readonly remove: (name: string, type: string, id?: string) => void;
}

/** Milliseconds until a server, by its name, knows of a change. */
export type Propagation = (server: string) => number;

/** The record sets of a zone as its owner sees and writes them: always the newest. */
export interface Records {
  /** Ordered by reversed labels, type and id. */
  readonly list: () => readonly RecordSet[];
  readonly get: (name: string, type: string, id?: string) => RecordSet | undefined;
  readonly set: (set: RecordSet, propagation?: Propagation) => void;
  readonly delete: (name: string, type: string, id?: string) => void;
  /** Several changes as one; when `change` throws, nothing has happened. The serial grows when anything differs. */
  readonly edit: (change: (draft: Draft) => void, propagation?: Propagation) => void;
}

export interface Versions {
  readonly records: Records;
  /** What a server has at this moment. `lag`: milliseconds that it is behind. */
  readonly seenBy: (server: string, lag: number) => Content;
}

interface Version {
  readonly content: Content;
  readonly at: number;
  readonly propagation: Propagation;
}

/** Older versions than these are forgotten. */
const KEPT = 500;
const AT_ONCE: Propagation = () => 0;

/** @param now milliseconds. */
export const createVersions = (apex: string, initial: readonly RecordSet[], now: () => number): Versions => {
  const versions: Version[] = [];
  const newest = (): Content => versions.at(-1)?.content ?? new Map();
  const commit = (content: Content, propagation: Propagation): void => {
    versions.push({ content, at: now(), propagation });
    if (versions.length > KEPT) versions.shift();
  };
  const edit: Records["edit"] = (change, propagation = AT_ONCE) => {
    const before = newest();
    const content = new Map(before);
    change(draftOf(apex, content));
    if (sameContent(before, content)) return;
    if (soaOf(before, apex)?.values[0] === soaOf(content, apex)?.values[0]) growSerial(content, apex);
    commit(content, propagation);
  };
  commit(new Map(), AT_ONCE);
  edit((draft) => {
    for (const set of initial) draft.put(set);
  });
  // What a zone began with was never missing.
  versions.shift();
  return {
    records: {
      list: () => [...newest().values()].flat().sort(inOrder),
      get: (name, type, id) => draftOf(apex, new Map(newest())).get(name, type, id),
      set: (set, propagation) => edit((draft) => draft.put(set), propagation),
      delete: (name, type, id) => edit((draft) => draft.remove(name, type, id)),
      edit,
    },
    seenBy: (server, lag) => {
      const time = now();
      const seen = versions.findLast(({ at, propagation }) => at + propagation(server) + lag <= time);
      return (seen ?? versions[0])?.content ?? new Map();
    },
  };
};

const draftOf = (apex: string, content: Map<string, readonly RecordSet[]>): Draft => {
  const at = (name: string): readonly RecordSet[] => content.get(nameOf(name)) ?? [];
  const isOne = (set: RecordSet, type: string, id?: string): boolean => set.type === type && set.routing?.id === id;
  const keep = (name: string, sets: readonly RecordSet[]): void => {
    if (sets.length === 0) content.delete(name);
    else content.set(name, sets);
  };
  return {
    at,
    get: (name, type, id) => at(name).find((set) => isOne(set, type, id)),
    put: (given) => {
      const set = { ...given, name: nameOf(given.name) };
      if (!isWithin(set.name, apex)) throw new TypeError(`${set.name} is not in the zone ${apex}`);
      for (const value of set.values) canonical(set.type, value);
      const isThere = at(set.name).some((other) => isOne(other, set.type, set.routing?.id));
      const replaced = at(set.name).map((other) => (isOne(other, set.type, set.routing?.id) ? set : other));
      keep(set.name, isThere ? replaced : [...replaced, set]);
    },
    remove: (name, type, id) =>
      keep(
        nameOf(name),
        at(name).filter((set) => !isOne(set, type, id)),
      ),
  };
};

const sameContent = (a: Content, b: Content): boolean =>
  a.size === b.size && [...a].every(([name, sets]) => JSON.stringify(sets) === JSON.stringify(b.get(name)));

export const soaOf = (content: Content, apex: string): RecordSet | undefined =>
  content.get(apex)?.find(({ type }) => type === "SOA");

const growSerial = (content: Map<string, readonly RecordSet[]>, apex: string): void => {
  const grown = (content.get(apex) ?? []).map((set) => {
    if (set.type !== "SOA") return set;
    const [mname, rname, serial, ...rest] = (set.values[0] ?? "").split(" ");
    return { ...set, values: [[mname, rname, (Number(serial) + 1) % 2 ** 32, ...rest].join(" ")] };
  });
  if (grown.length > 0) content.set(apex, grown);
};

const keyOf = ({ name, type, routing }: RecordSet): string => `${reversed(name)} ${type} ${routing?.id ?? ""}`;

export const inOrder = (a: RecordSet, b: RecordSet): number => {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};
