import type { Conflict, FieldDifference } from "../core/change.ts";
import { type FieldSet, groupOf, isRecord, type KubeObject } from "../ports/object.ts";
import { cededTo } from "./ceded.ts";
import { sameQuantity } from "./quantity.ts";

/** What an apply of `desired` would change, worked out from the live object's managedFields without asking the server. */
export interface Comparison {
  /** Fields that the apply would change and that nobody else owns. */
  readonly fields: readonly FieldDifference[];
  /** Fields that the apply would have to take from their owner. */
  readonly conflicts: readonly Conflict[];
  /** `desired` without the fields that controllers own by design once they run; this is what to apply. */
  readonly object: KubeObject;
}

interface Owner {
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly set: FieldSet;
}

/** The same place in the set of fields that we applied and in those of all other managers. */
interface Place {
  readonly path: string;
  readonly applied: FieldSet | undefined;
  readonly mine: readonly FieldSet[];
  readonly others: readonly Owner[];
}

const step = (place: Place, key: string, path: string): Place => ({
  path,
  applied: place.applied?.[key],
  mine: place.mine.flatMap((set) => set[key] ?? []),
  others: place.others.flatMap((owner) => {
    const set = owner.set[key];
    return set ? [{ ...owner, set }] : [];
  }),
});

const children = (set: FieldSet): string[] => Object.keys(set).filter((key) => key !== ".");
const structure = (place: Place): readonly FieldSet[] => [...place.mine, ...place.others.map((owner) => owner.set)];
const isAtomic = (place: Place): boolean => {
  const sets = structure(place);
  return sets.length > 0 && sets.every((set) => children(set).length === 0);
};

/** Fields that the server fills in inside values that merge as a whole (e.g. `valueFrom.fieldRef`, RBAC `subjects`). */
const FILLED_IN: Readonly<Record<string, readonly unknown[]>> = {
  apiVersion: ["v1"],
  apiGroup: ["", "rbac.authorization.k8s.io"],
  scope: ["*"],
  protocol: ["TCP"],
  divisor: ["0"],
};

const labelOf = (key: Record<string, unknown>): string =>
  Object.entries(key)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",");

/** The place that an entry of a field set stands for, and its value. */
const inside = (place: Place, entry: string, value: unknown): [Place, unknown] => {
  if (entry.startsWith("f:")) {
    const key = entry.slice(2);
    return [step(place, entry, place.path + quoteKey(key)), isRecord(value) ? value[key] : undefined];
  }
  if (entry.startsWith("k:")) {
    const key = keyFields(entry);
    const item = Array.isArray(value) ? value.find((candidate) => holds(candidate, key)) : undefined;
    return [step(place, entry, `${place.path}[${labelOf(key)}]`), item];
  }
  const wanted: unknown = JSON.parse(entry.slice(2));
  return [step(place, entry, place.path), Array.isArray(value) && value.includes(wanted) ? wanted : undefined];
};

/** Whether `live` holds `desired` and nothing more than the server fills in by itself. */
const same = (desired: unknown, live: unknown, path: string): boolean => {
  if (Array.isArray(desired)) {
    return (
      Array.isArray(live) && desired.length === live.length && desired.every((item, i) => same(item, live[i], path))
    );
  }
  if (isRecord(desired)) {
    if (!isRecord(live)) return false;
    return (
      Object.entries(desired).every(([key, value]) => same(value, live[key], `${path}.${key}`)) &&
      Object.keys(live).every((key) => key in desired || FILLED_IN[key]?.includes(live[key]))
    );
  }
  return desired === live || sameQuantity(desired, live, path);
};

const quoteKey = (key: string): string => (/^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

/** `k:{"containerPort":8080,"protocol":"TCP"}` → the item's key fields. */
const keyFields = (entry: string): Record<string, unknown> => JSON.parse(entry.slice(2)) as Record<string, unknown>;

const named = (items: readonly unknown[]): boolean =>
  items.length > 0 && items.every((item) => isRecord(item) && typeof item.name === "string");

/** Key names of an associative list, from what the managers recorded; else `name` where every item has one. */
const listKeys = (place: Place, desired: readonly unknown[]): readonly string[] | undefined => {
  for (const set of structure(place)) {
    const entry = Object.keys(set).find((key) => key.startsWith("k:"));
    if (entry) return Object.keys(keyFields(entry));
  }
  return structure(place).length === 0 && named(desired) ? ["name"] : undefined;
};

/** Whether an item is the one with these keys. */
const holds = (item: unknown, key: Record<string, unknown>): boolean =>
  isRecord(item) && Object.entries(key).every(([name, value]) => item[name] === value);

/** Maps with free values: an empty text counts as a value there. */
const FREE_MAP = /(^\.(data|binaryData|stringData)|\.(labels|annotations|matchLabels|nodeSelector))[.[]/;

/** The server drops an empty map or list when it merges, in custom resources too (structured-merge-diff, typed/merge.go). */
const isEmpty = (want: unknown): boolean => (isRecord(want) || Array.isArray(want)) && Object.keys(want).length === 0;

/** Kinds that the server keeps as Go types: zero values go (`omitempty`). Custom resources are kept as they are written. */
const isBuiltIn = ({ apiVersion }: KubeObject): boolean => /^[^.]*$|\.k8s\.io$/.test(groupOf(apiVersion));

export const compare = (desired: KubeObject, live: KubeObject, manager: string): Comparison => {
  const object = structuredClone(desired);
  const fields: FieldDifference[] = [];
  const conflicts: Conflict[] = [];
  const entries = (live.metadata.managedFields ?? []).filter((entry) => entry.apiVersion === live.apiVersion);
  const ours = entries.filter((entry) => entry.manager === manager && !entry.subresource);
  const typed = isBuiltIn(live);
  const root: Place = {
    path: "",
    applied: ours.find((entry) => entry.operation === "Apply")?.fieldsV1,
    mine: ours.flatMap((entry) => entry.fieldsV1 ?? []),
    others: entries
      .filter((entry) => !ours.includes(entry))
      .map((entry) => ({ manager: entry.manager ?? "", subresource: entry.subresource, set: entry.fieldsV1 ?? {} })),
  };

  const differ = (place: Place, from: unknown, to: unknown, giveUp: () => void): void => {
    const owner = from === undefined ? undefined : place.others[0];
    if (!owner) fields.push({ path: place.path, ...(from === undefined ? {} : { from }), to });
    else if (cededTo(live, place.path, owner)) giveUp();
    else conflicts.push({ path: place.path, owner: owner.manager, from, to });
  };

  /** Fields we applied earlier and no longer want, unless somebody else wants them too. */
  const removed = (place: Place, value: unknown): void => {
    if (value === undefined) return;
    if (place.others.length === 0) fields.push({ path: place.path, from: value });
    else for (const entry of children(place.applied ?? {})) removed(...inside(place, entry, value));
  };

  const walkMap = (want: Record<string, unknown>, have: Record<string, unknown>, place: Place): void => {
    for (const key of Object.keys(want)) {
      const next = step(place, `f:${key}`, place.path + quoteKey(key));
      walk(want[key], have[key], next, () => delete want[key]);
    }
    for (const entry of Object.keys(place.applied ?? {})) {
      const key = entry.slice(2);
      if (entry.startsWith("f:") && !(key in want)) removed(...inside(place, entry, have));
    }
  };

  const walkList = (want: unknown[], have: readonly unknown[], keys: readonly string[], place: Place): void => {
    const known = structure(place).flatMap((set) => Object.keys(set).filter((key) => key.startsWith("k:")));
    const applied = Object.entries(place.applied ?? {}).filter(([entry]) => entry.startsWith("k:"));
    /** A key that was left out when we applied the item has the server's default, and no owner. */
    const isDefault = (key: string, candidate: Record<string, unknown>): boolean =>
      FILLED_IN[key]?.includes(candidate[key]) ||
      applied.some(([entry, set]) => holds(candidate, keyFields(entry)) && !(`f:${key}` in set));
    const isItem = (item: Record<string, unknown>, candidate: Record<string, unknown>): boolean =>
      keys.every((key) => (item[key] === undefined ? isDefault(key, candidate) : item[key] === candidate[key]));
    const seen = new Set<string>();
    for (const item of [...want]) {
      const live = have.find((candidate) => isRecord(candidate) && isRecord(item) && isItem(item, candidate));
      const entry = known.find((key) => holds(live ?? item, keyFields(key)));
      if (entry) seen.add(entry);
      const label = isRecord(item)
        ? keys
            .filter((key) => item[key] !== undefined)
            .map((key) => `${key}=${JSON.stringify(item[key])}`)
            .join(",")
        : "";
      walk(item, live, step(place, entry ?? "", `${place.path}[${label}]`), () => want.splice(want.indexOf(item), 1));
    }
    for (const [entry] of applied) if (!seen.has(entry)) removed(...inside(place, entry, have));
  };

  const walkSet = (want: readonly unknown[], have: readonly unknown[], place: Place): void => {
    for (const item of want) if (!have.includes(item)) fields.push({ path: place.path, to: item });
    for (const entry of Object.keys(place.applied ?? {})) {
      if (entry.startsWith("v:") && !want.includes(JSON.parse(entry.slice(2)))) removed(...inside(place, entry, have));
    }
  };

  /** Whether the server does not store this value although it was applied. Before we have applied it, that is assumed of an empty text only. */
  const isDropped = (want: unknown, place: Place): boolean => {
    if (typed && want === "" && !FREE_MAP.test(place.path)) return true;
    if (place.applied === undefined) return false;
    return isEmpty(want) || (typed && (want === "" || want === 0 || want === false));
  };

  const walk = (want: unknown, have: unknown, place: Place, giveUp: () => void): void => {
    if (have === undefined || have === null) {
      if (!isDropped(want, place)) differ(place, undefined, want, giveUp);
      return;
    }
    if (isRecord(want) && isRecord(have) && !isAtomic(place)) {
      walkMap(want, have, place);
      return;
    }
    if (Array.isArray(want) && Array.isArray(have)) {
      const keys = listKeys(place, want);
      if (keys) {
        walkList(want, have, keys, place);
        return;
      }
      if (structure(place).some((set) => Object.keys(set).some((key) => key.startsWith("v:")))) {
        walkSet(want, have, place);
        return;
      }
    }
    if (!same(want, have, place.path)) differ(place, have, want, giveUp);
  };

  const identity = new Set(["apiVersion", "kind", "metadata"]);
  for (const key of Object.keys(object).filter((name) => !identity.has(name))) {
    walk(object[key], live[key], step(root, `f:${key}`, quoteKey(key)), () => delete object[key]);
  }
  const metadata = step(root, "f:metadata", ".metadata");
  for (const key of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
    const next = step(metadata, `f:${key}`, `.metadata.${key}`);
    if (object.metadata[key] !== undefined || next.applied) {
      walk(object.metadata[key] ?? {}, live.metadata[key] ?? {}, next, () => delete object.metadata[key]);
    }
  }
  for (const entry of Object.keys(root.applied ?? {})) {
    const key = entry.slice(2);
    if (key !== "metadata" && !(key in desired)) removed(...inside(root, entry, live));
  }
  return { fields, conflicts, object };
};
