/** The fields in a value, and the fields in which two values differ (structured-merge-diff, typed). */

import { equal, isFields } from "../json.ts";
import type { ListSchema, MapSchema, Schema } from "../schema/schema.ts";
import { childOf, concrete } from "../schema/schema.ts";
import type { FieldSet, Path, PathElement } from "./field-set.ts";
import { emptySet, insert } from "./field-set.ts";
import { changesShape, fieldElement, hollowList, hollowMap, identityOf, isAbsent } from "./items.ts";

/** The fields an applied value owns. */
export function fieldsIn(schema: Schema, value: unknown): FieldSet {
  const set = emptySet();
  collect(schema, value, set, []);
  return set;
}

function collect(schema: Schema, value: unknown, set: FieldSet, path: Path): void {
  const here = concrete(schema, value);
  if (
    here.type === "scalar" ||
    (here.type === "list" && here.kind === "atomic") ||
    (here.type === "map" && here.atomic)
  )
    insert(set, path);
  else if (here.type === "list") collectItems(here, value, set, path);
  else collectFields(here, value, set, path);
}

function collectItems(schema: ListSchema, value: unknown, set: FieldSet, path: Path): void {
  for (const [element, items] of grouped(schema, value)) {
    // Of duplicates only the identity can be owned.
    if (items.length === 1) collect(schema.element, items[0], set, [...path, element]);
    insert(set, [...path, element]);
  }
}

function collectFields(schema: MapSchema, value: unknown, set: FieldSet, path: Path): void {
  if (!isFields(value)) return;
  for (const name of Object.keys(value)) {
    const child = childOf(schema, name);
    if (!child) continue;
    const inner = value[name];
    const deeper = [...path, fieldElement(name)];
    collect(child, inner, set, deeper);
    const hollow = inner === null || (isFields(inner) && Object.keys(inner).length === 0);
    if (hollow || !schema.fields.has(name)) insert(set, deeper);
  }
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  const out: Comparison = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  compareAt(schema, before, after, out, [], false);
  return out;
}

function compareAt(
  schema: Schema,
  before: unknown,
  after: unknown,
  out: Comparison,
  path: Path,
  inLeaf: boolean,
): void {
  if (before === undefined && after === undefined) return;
  if (before === after && before !== null && typeof before === "object") return;
  let leaf = inLeaf;
  const asLeaf = (): void => {
    if (leaf) return;
    leaf = true;
    if (before === undefined) insert(out.added, path);
    else if (after === undefined) insert(out.removed, path);
    else if (!equal(before, after)) insert(out.modified, path);
  };
  const here = concrete(schema, isAbsent(after) ? before : after);
  if (here.type === "scalar" || changesShape(schema, before, after)) asLeaf();
  else if (here.type === "list") {
    if (here.kind === "atomic" || (hollowList(before) && hollowList(after))) asLeaf();
    else compareItems(here, before, after, out, path);
  } else if (here.atomic || (hollowMap(before) && hollowMap(after))) asLeaf();
  else compareFields(here, before, after, out, path);
  if (leaf) return;
  if (before === undefined) insert(out.added, path);
  else if (after === undefined) insert(out.removed, path);
}

function compareFields(schema: MapSchema, before: unknown, after: unknown, out: Comparison, path: Path): void {
  const left = isFields(before) ? before : {};
  const right = isFields(after) ? after : {};
  for (const name of Object.keys(left)) {
    const child = childOf(schema, name);
    if (child) compareAt(child, left[name], right[name], out, [...path, fieldElement(name)], false);
  }
  for (const name of Object.keys(right)) {
    if (name in left) continue;
    const child = childOf(schema, name);
    if (child) compareAt(child, undefined, right[name], out, [...path, fieldElement(name)], false);
  }
}

function compareItems(schema: ListSchema, before: unknown, after: unknown, out: Comparison, path: Path): void {
  const left = grouped(schema, before);
  const right = grouped(schema, after);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const was = left.get(element) ?? [];
    const is = right.get(element) ?? [];
    const deeper = [...path, element];
    if (was.length <= 1 && is.length <= 1) compareAt(schema.element, was[0], is[0], out, deeper, false);
    else if (was.length > 1 && is.length > 1) {
      if (!equal(was, is)) insert(out.modified, deeper);
    } else if (was.length > 1) {
      insert(is.length === 0 ? out.removed : out.modified, deeper);
    } else insert(was.length === 0 ? out.added : out.modified, deeper);
  }
}

function grouped(schema: ListSchema, value: unknown): Map<PathElement, unknown[]> {
  const groups = new Map<PathElement, unknown[]>();
  if (!Array.isArray(value)) return groups;
  for (const item of value) {
    const element = identityOf(schema, item);
    if (element === undefined) continue;
    const group = groups.get(element);
    if (group) group.push(item);
    else groups.set(element, [item]);
  }
  return groups;
}
