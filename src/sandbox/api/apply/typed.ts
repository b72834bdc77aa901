/**
 * Walks over a value and its schema: checking it, listing its fields, comparing, merging and removing
 * (structured-merge-diff, typed). Values are plain JSON and never changed.
 */

import type { Fields } from "../json.ts";
import { equal, isFields, sorted } from "../json.ts";
import type { ListSchema, MapSchema, Schema } from "../schema/schema.ts";
import { childOf, concrete } from "../schema/schema.ts";
import type { FieldSet, Path, PathElement } from "./field-set.ts";
import { below, emptySet, insert, isEmpty, pathText } from "./field-set.ts";

/** The value does not fit the schema; `message` lists every place. */
export class TypedFailure extends Error {}

const fieldElement = (name: string): PathElement => `f:${name}`;

/** Identity of a list item, or why it has none. */
function itemElement(schema: ListSchema, item: unknown): PathElement | { readonly error: string } {
  if (schema.kind === "set") return `v:${JSON.stringify(item)}`;
  if (!isFields(item)) return { error: "associative list with keys may not have non-map elements" };
  const keys: Fields = {};
  for (const key of schema.keys) {
    const value = item[key] ?? schema.keyDefaults[key];
    if (value === undefined)
      return { error: `associative list with keys has an element that omits key field "${key}" (and doesn't have default value)` };
    keys[key] = value;
  }
  return `k:${sorted(keys)}`;
}

const known = (schema: ListSchema, item: unknown): PathElement | undefined => {
  const element = itemElement(schema, item);
  return typeof element === "string" ? element : undefined;
};

/* Checking. */

/** Throws TypedFailure where an applied object has unknown fields, wrong types or duplicate keys. */
export function checkTyped(schema: Schema, value: unknown): void {
  const errors: string[] = [];
  check(schema, value, "", errors);
  if (errors.length === 1) throw new TypedFailure(errors[0]);
  if (errors.length > 1) throw new TypedFailure(["errors:", ...errors.map((error) => `  ${error}`)].join("\n"));
}

function check(schema: Schema, value: unknown, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const here = concrete(schema, value);
  const fail = (message: string): void => void errors.push(path === "" ? message : `${path}: ${message}`);
  if (here.type === "scalar") {
    const type = typeof value;
    if (here.of === "any") {
      if (type === "object") fail(`expected any scalar, got ${goPrint(value)}`);
    } else if (here.of === type) return;
    else if (here.of === "number") fail(`expected numeric (int or float), got ${goTypeOf(value)}`);
    else if (here.of === "string") fail(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
    else fail(`expected boolean, got ${goPrint(value)}`);
    return;
  }
  if (here.type === "list") {
    if (!Array.isArray(value)) return fail(`expected list, got ${goPrint(value)}`);
    checkItems(here, value, path, errors);
    return;
  }
  if (!isFields(value)) return fail(`expected map, got ${goPrint(value)}`);
  for (const name of Object.keys(value)) {
    const child = childOf(here, name);
    if (!child) errors.push(`${path}.${name}: field not declared in schema`);
    else check(child, value[name], `${path}.${name}`, errors);
  }
}

function checkItems(schema: ListSchema, items: readonly unknown[], path: string, errors: string[]): void {
  const seen = new Set<PathElement>();
  items.forEach((item, index) => {
    if (schema.kind === "atomic") return check(schema.element, item, `${path}[${index}]`, errors);
    const element = itemElement(schema, item);
    if (typeof element !== "string") {
      errors.push(`${path}: element ${index}: ${element.error}`);
      return;
    }
    const text = pathText([element]);
    if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${text}`);
    seen.add(element);
    check(schema.element, item, `${path}${text}`, errors);
  });
}

const goTypeOf = (value: unknown): string => {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "string";
};
/** Go's %v of the server's wrapper around a value. */
const goPrint = (value: unknown): string => `&{${goPlain(value)}}`;
const goPlain = (value: unknown): string => {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goPlain).join(" ")}]`;
  if (!isFields(value)) return String(value);
  return `map[${Object.keys(value).sort().map((name) => `${name}:${goPlain(value[name])}`).join(" ")}]`;
};
const goSyntax = (value: unknown): string => {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isFields(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `map[string]interface {}{${names.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(", ")}}`;
};

/* Listing. */

/** The fields an applied value owns. */
export function fieldsIn(schema: Schema, value: unknown): FieldSet {
  const set = emptySet();
  collect(schema, value, set, []);
  return set;
}

function collect(schema: Schema, value: unknown, set: FieldSet, path: Path): void {
  const here = concrete(schema, value);
  if (here.type === "scalar") return insert(set, path);
  if (here.type === "list") {
    if (here.kind === "atomic") return insert(set, path);
    if (!Array.isArray(value)) return;
    const counts = new Map<PathElement, number>();
    const elements = value.map((item) => known(here, item));
    for (const element of elements) if (element !== undefined) counts.set(element, (counts.get(element) ?? 0) + 1);
    elements.forEach((element, index) => {
      if (element === undefined) return;
      if (counts.get(element) === 1) collect(here.element, value[index], set, [...path, element]);
      insert(set, [...path, element]);
    });
    return;
  }
  if (here.atomic) return insert(set, path);
  if (!isFields(value)) return;
  for (const name of Object.keys(value)) {
    const child = childOf(here, name);
    if (!child) continue;
    const inner = value[name];
    const deeper = [...path, fieldElement(name)];
    collect(child, inner, set, deeper);
    const hollow = inner === null || (isFields(inner) && Object.keys(inner).length === 0);
    if (hollow || !here.fields.has(name)) insert(set, deeper);
  }
}

/* Comparing. */

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

const hollowList = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
const hollowMap = (value: unknown): boolean => !isFields(value) || Object.keys(value).length === 0;

function compareAt(schema: Schema, before: unknown, after: unknown, out: Comparison, path: Path, inLeaf: boolean): void {
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

const isAbsent = (value: unknown): boolean => value === undefined || value === null;
/** Only an untyped value can be a list now and an object then. */
const changesShape = (schema: Schema, before: unknown, after: unknown): boolean =>
  schema.type === "any" &&
  !isAbsent(before) &&
  !isAbsent(after) &&
  (Array.isArray(before) !== Array.isArray(after) || isFields(before) !== isFields(after));

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
    const element = known(schema, item);
    if (element === undefined) continue;
    const group = groups.get(element);
    if (group) group.push(item);
    else groups.set(element, [item]);
  }
  return groups;
}

/* Merging. */

/** The live value with the applied one laid over it. */
export function merge(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined || changesShape(schema, live, applied)) return applied;
  const here = concrete(schema, isAbsent(applied) ? live : applied);
  if (here.type === "scalar") return applied;
  if (here.type === "list") {
    if (here.kind === "atomic" || (hollowList(live) && hollowList(applied))) return applied;
    return mergeItems(here, Array.isArray(live) ? live : [], Array.isArray(applied) ? applied : []);
  }
  if (here.atomic || (hollowMap(live) && hollowMap(applied))) return applied;
  const left = isFields(live) ? live : {};
  const right = isFields(applied) ? applied : {};
  const out: Fields = { ...left };
  for (const name of Object.keys(right)) {
    const child = childOf(here, name);
    out[name] = child ? merge(child, left[name], right[name]) : right[name];
  }
  return out;
}

/** Keeps the live order; where both order shared items differently, the applied order wins. */
function mergeItems(schema: ListSchema, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const index = (items: readonly unknown[]): { order: PathElement[]; values: Map<PathElement, unknown> } => {
    const order = items.map((item) => known(schema, item) ?? "");
    return { order, values: new Map(order.map((element, i) => [element, items[i]])) };
  };
  const left = index(live);
  const right = index(applied);
  const shared = right.order.filter((element) => left.values.has(element));
  const merged = new Set<PathElement>();
  const out: unknown[] = [];
  const take = (element: PathElement): void => {
    merged.add(element);
    out.push(merge(schema.element, left.values.get(element), right.values.get(element)));
  };
  let l = 0;
  let r = 0;
  while (l < left.order.length || r < right.order.length) {
    const mine = left.order[l];
    const theirs = right.order[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        take(mine);
        l++;
        r++;
        shared.shift();
        continue;
      }
      if (right.values.has(mine) && shared[0] !== undefined && shared[0] !== mine) {
        l++;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.values.has(mine)) {
        out.push(live[l]);
        l++;
        continue;
      }
      if (merged.has(mine)) l++;
    }
    if (theirs !== undefined) {
      take(theirs);
      r++;
      if (shared[0] === theirs) shared.shift();
    }
  }
  return out;
}

/* Removing. */

/** The value without the given fields; a container that loses its last entry becomes null. */
export function remove(schema: Schema, value: unknown, set: FieldSet): unknown {
  if (isAbsent(value)) return value;
  const here = concrete(schema, value);
  if (here.type === "scalar") return value;
  if (here.type === "list") {
    if (!Array.isArray(value) || here.kind === "atomic") return null;
    const items: unknown[] = [];
    for (const item of value) {
      const element = known(here, item);
      if (element === undefined) items.push(item);
      else if (!set.members.has(element)) items.push(removeBelow(here.element, item, set, element));
    }
    return items.length === 0 ? null : items;
  }
  if (!isFields(value) || here.atomic) return null;
  const out: Fields = {};
  for (const name of Object.keys(value)) {
    const element = fieldElement(name);
    const child = childOf(here, name);
    if (!child) out[name] = value[name];
    else if (!set.members.has(element)) out[name] = removeBelow(child, value[name], set, element);
  }
  return Object.keys(out).length === 0 ? null : out;
}

function removeBelow(schema: Schema, value: unknown, set: FieldSet, element: PathElement): unknown {
  const deeper = below(set, element);
  return isEmpty(deeper) ? value : remove(schema, value, deeper);
}
