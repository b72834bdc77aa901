/**
 * Ownership of fields through writes: what an apply merges, removes and refuses, and what an ordinary update takes over
 * (structured-merge-diff merge/update.go and the managers of apimachinery util/managedfields around it).
 */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { equal, sorted } from "../json.ts";
import { splitApiVersion } from "../resource.ts";
import type { MapSchema } from "../schema/schema.ts";
import { badRequest, internal } from "../status.ts";
import { checkTyped, TypedFailure } from "./check.ts";
import type { Comparison } from "./compare.ts";
import { compare, fieldsIn } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import { difference, emptySet, fieldsAt, intersection, isEmpty, union, withNamedFields, without } from "./field-set.ts";
import { merge, remove } from "./merge.ts";
import type { Owner, Owners } from "./owners.ts";
import { conflictError, identity, readOwners, writeOwners } from "./owners.ts";

export interface Write {
  readonly schema: MapSchema;
  /** The empty object of the kind, as the server's types print it. */
  readonly zero: Fields;
  readonly manager: string;
  readonly apiVersion: string;
  /** "" or e.g. `status`. */
  readonly subresource: string;
  /** Fields this endpoint resets: never owned through it. */
  readonly excluded: FieldSet;
  /** RFC 3339. */
  readonly now: string;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** The server's own metadata is nobody's. */
const UNMANAGED: FieldSet = fieldsAt(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "creationTimestamp"],
  ["metadata", "selfLink"],
  ["metadata", "uid"],
  ["metadata", "generation"],
  ["metadata", "managedFields"],
  ["metadata", "resourceVersion"],
);

const bare = (object: Fields): Fields => {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as Fields;
  return { ...object, metadata };
};

function withOwners(object: Fields, owners: Owners): Obj {
  const entries = writeOwners(owners);
  const metadata = { ...(object.metadata as Fields) };
  delete metadata.managedFields;
  if (entries.length > 0) metadata.managedFields = entries;
  return { ...object, metadata } as unknown as Obj;
}

/**
 * Server-side apply of `applied` over `live` (the zero object with its name when it does not exist yet).
 * Throws StatusError: 409 on conflicts, 500 where the applied object does not fit the schema.
 */
export function apply(write: Write, live: Fields, applied: Fields, force: boolean): Obj {
  const metadata = (applied.metadata ?? {}) as Fields;
  if (metadata.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  try {
    checkTyped(write.schema, applied);
  } catch (error) {
    if (!(error instanceof TypedFailure)) throw error;
    const where = `${String(metadata.namespace ?? "")}/${String(metadata.name ?? "")}`;
    const { group, version } = splitApiVersion(String(applied.apiVersion));
    throw internal(
      `failed to create typed patch object (${where}; ${group}/${version}, Kind=${String(applied.kind)}): ${error.message}`,
    );
  }
  const before = bare(live);
  let owners = readOwners((live.metadata as Fields | undefined)?.managedFields);
  if (owners.size === 0)
    owners = track({ ...write, manager: "before-first-apply", subresource: "" }, write.zero, before, owners);

  const key = identity({ ...write, operation: "Apply" });
  const previous = owners.get(key);
  const merged = merge(write.schema, before, applied) as Fields;
  const mine: Owner = {
    manager: write.manager,
    operation: "Apply",
    apiVersion: write.apiVersion,
    subresource: write.subresource,
    set: without(fieldsIn(write.schema, applied), write.excluded),
    ...(previous?.time === undefined ? {} : { time: previous.time }),
  };
  // The object's name counts as owned while pruning: it keeps the metadata around it.
  owners.set(key, mine);
  const after = previous ? prune(write.schema, merged, owners, previous.set) : merged;
  release(compared(write, before, after), owners, key, force);
  const changed = !equal(before, after);
  const set = difference(mine.set, UNMANAGED);
  if (isEmpty(set)) owners.delete(key);
  else owners.set(key, { ...mine, set, ...(changed ? { time: write.now } : {}) });
  const result = withOwners(changed ? after : before, owners);
  return write.manager === "kubectl" && write.subresource === "" ? refreshLastApplied(result, applied) : result;
}

/** `kubectl apply --server-side` keeps the annotation of client-side apply current where it exists. */
function refreshLastApplied(object: Obj, applied: Fields): Obj {
  if (object.metadata.annotations?.[LAST_APPLIED] === undefined) return object;
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: `${sorted(applied)}\n` };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Removes what the manager owned before and nobody owns now. */
function prune(schema: MapSchema, merged: Fields, owners: Owners, lastSet: FieldSet): Fields {
  if (isEmpty(lastSet)) return merged;
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema);
  const fields = named(fieldsIn(schema, merged));
  let pruned = remove(schema, merged, named(lastSet)) as Fields;
  let owned = emptySet();
  for (const owner of owners.values()) owned = union(owned, owner.set);
  const kept = union(named(fieldsIn(schema, pruned)), named(owned));
  pruned = remove(schema, merged, difference(fields, kept)) as Fields;
  // What hangs below an item that stays is only removed where the manager had set it.
  const gone = difference(fields, named(fieldsIn(schema, pruned)));
  return remove(schema, merged, intersection(gone, named(lastSet))) as Fields;
}

/** The difference an endpoint can make. */
function compared(write: Write, before: Fields, after: Fields): Comparison {
  const { added, modified, removed } = compare(write.schema, before, after);
  return {
    added: without(added, write.excluded),
    modified: without(modified, write.excluded),
    removed: without(removed, write.excluded),
  };
}

/** Takes changed fields away from their other owners; throws the conflict when that is not forced. */
function release({ added, modified, removed }: Comparison, owners: Owners, key: string, force: boolean): void {
  const changed = union(modified, added);
  const conflicts: Owner[] = [];
  for (const [id, owner] of owners) {
    if (id === key) continue;
    const taken = intersection(owner.set, changed);
    if (!isEmpty(taken)) conflicts.push({ ...owner, set: taken });
  }
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  for (const [id, owner] of owners) {
    if (id === key) continue;
    const lost = intersection(owner.set, union(changed, removed));
    if (!isEmpty(lost)) owners.set(id, { ...owner, set: difference(owner.set, lost) });
  }
  for (const [id, owner] of owners) if (isEmpty(owner.set)) owners.delete(id);
}

/** The owners after an update that nobody can refuse. */
function track(write: Write, before: Fields, after: Fields, owners: Owners): Owners {
  const key = identity({ ...write, operation: "Update" });
  const others: Owners = new Map(owners);
  const comparison = compared(write, before, after);
  release(comparison, others, "", true);
  const taken = difference(union(comparison.modified, comparison.added), UNMANAGED);
  if (isEmpty(taken)) return others;
  const previous = others.get(key);
  others.set(key, {
    manager: write.manager,
    operation: "Update",
    apiVersion: write.apiVersion,
    subresource: write.subresource,
    set: previous ? union(previous.set, taken) : taken,
    time: write.now,
  });
  return others;
}

/**
 * The object with its owners after a create, replace or patch. `before` is undefined on create.
 * managedFields in the request replace the stored ones; `[{}]` clears them.
 */
export function update(write: Write, before: Fields | undefined, after: Fields): Obj {
  const sent = (after.metadata as Fields | undefined)?.managedFields;
  const stored = (before?.metadata as Fields | undefined)?.managedFields;
  const next = bare(after);
  let owners: Owners;
  if (write.subresource === "" && isReset(sent)) owners = new Map();
  else {
    owners = write.subresource === "" ? readOwners(sent) : new Map();
    if (owners.size === 0) owners = readOwners(stored);
  }
  // An object whose owners were cleared is only tracked again from its first apply on.
  if (before !== undefined && owners.size === 0) return withOwners(next, owners);
  return withOwners(next, track(write, before === undefined ? write.zero : bare(before), next, owners));
}

const isReset = (entries: unknown): boolean =>
  Array.isArray(entries) && entries.length === 1 && Object.keys(entries[0] as Fields).length === 0;

/** Whether two objects differ in nothing but the times of their managedFields. */
export function equalButTimes(a: Obj, b: Obj): boolean {
  const strip = (object: Obj): unknown => ({
    ...object,
    metadata: {
      ...object.metadata,
      managedFields: object.metadata.managedFields?.map(({ time: _, ...entry }: Fields) => entry),
    },
  });
  return equal(strip(a), strip(b));
}
