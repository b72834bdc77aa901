/**
 * Sets of field paths, the algebra under server-side apply (structured-merge-diff, fieldpath). A path is a list of path
 * elements in their FieldsV1 text: `f:name` for a field, `k:{"name":"x"}` for a keyed list item, `v:"x"` for a set item.
 */

import type { Fields } from "../json.ts";
import { isFields } from "../json.ts";
import type { MapSchema, Schema } from "../schema/schema.ts";
import { childOf } from "../schema/schema.ts";

export type PathElement = string;
export type Path = readonly PathElement[];

export interface FieldSet {
  /** Paths that end here. */
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, FieldSet>;
}

export const emptySet = (): FieldSet => ({ members: new Set(), children: new Map() });
const NOTHING: FieldSet = emptySet();

export const isEmpty = (set: FieldSet): boolean => set.members.size === 0 && [...set.children.values()].every(isEmpty);

export function insert(set: FieldSet, path: Path): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let here = set;
  for (const element of path.slice(0, -1)) {
    let next = here.children.get(element);
    if (!next) {
      next = emptySet();
      here.children.set(element, next);
    }
    here = next;
  }
  here.members.add(last);
}

/** Fields by their names from the root, e.g. `fieldsAt(["status"], ["metadata", "labels"])`. */
export function fieldsAt(...paths: readonly (readonly string[])[]): FieldSet {
  const set = emptySet();
  for (const path of paths) {
    const elements = path.map((name) => `f:${name}`);
    insert(set, elements);
  }
  return set;
}

export const below = (set: FieldSet, element: PathElement): FieldSet => set.children.get(element) ?? NOTHING;

const isNothing = ({ members, children }: FieldSet): boolean => members.size === 0 && children.size === 0;

/* Of what is the same afterwards, the same set is handed back: its FieldsV1 is known then. */

/** `a` itself where it holds all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(b)) return a;
  const added = [...b.members].filter((element) => !a.members.has(element));
  const changed: [PathElement, FieldSet][] = [];
  for (const [element, child] of b.children) {
    const other = a.children.get(element);
    const both = other ? union(other, child) : child;
    if (both !== other) changed.push([element, both]);
  }
  if (added.length === 0 && changed.length === 0) return a;
  return { members: new Set([...a.members, ...added]), children: new Map([...a.children, ...changed]) };
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(b)) return NOTHING;
  const out = emptySet();
  for (const element of a.members) if (b.members.has(element)) out.members.add(element);
  for (const [element, child] of a.children) keep(out, element, intersection(child, below(b, element)));
  return out;
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(b)) return a;
  const out = emptySet();
  for (const element of a.members) if (!b.members.has(element)) out.members.add(element);
  for (const [element, child] of a.children) keep(out, element, difference(child, below(b, element)));
  return out;
}

/** `a` without the members of `b` and everything below them. */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  if (isNothing(b)) return a;
  const out = emptySet();
  for (const element of a.members) if (!b.members.has(element)) out.members.add(element);
  for (const [element, child] of a.children)
    if (!b.members.has(element)) keep(out, element, without(child, below(b, element)));
  return out;
}

function keep(out: FieldSet, element: PathElement, child: FieldSet): void {
  if (!isEmpty(child)) out.children.set(element, child);
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a.members.size !== b.members.size || a.children.size !== b.children.size) return false;
  for (const element of a.members) if (!b.members.has(element)) return false;
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (!other || !equalSets(child, other)) return false;
  }
  return true;
}

/** Struct fields with something below them become members too, so that removing an owner can remove the struct. */
export function withNamedFields(set: FieldSet, schema: Schema | undefined): FieldSet {
  const out: FieldSet = { members: new Set(set.members), children: new Map() };
  for (const [element, child] of set.children) {
    const map = schema?.type === "map" ? schema : undefined;
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    if (name !== undefined && map?.fields.has(name)) out.members.add(element);
    out.children.set(element, withNamedFields(child, childSchema(schema, map, name)));
  }
  return out;
}

function childSchema(
  schema: Schema | undefined,
  map: MapSchema | undefined,
  name: string | undefined,
): Schema | undefined {
  if (map && name !== undefined) return childOf(map, name);
  return schema?.type === "list" ? schema.element : undefined;
}

/* Order and text. */

const RANK: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };
const before = (a: PathElement, b: PathElement): number =>
  (RANK[a[0] ?? ""] ?? 4) - (RANK[b[0] ?? ""] ?? 4) || (a < b ? -1 : a > b ? 1 : 0);

/** All paths: members of a level before what is below it, as the server lists conflicts. */
export function* pathsOf(set: FieldSet, prefix: Path = []): Generator<Path> {
  for (const element of [...set.members].sort(before)) yield [...prefix, element];
  for (const element of [...set.children.keys()].sort(before))
    yield* pathsOf(below(set, element), [...prefix, element]);
}

/** e.g. `.spec.containers[name="main"].args`. */
export const pathText = (path: Path): string => path.map(elementText).join("");

function elementText(element: PathElement): string {
  const text = element.slice(2);
  if (element.startsWith("f:")) return `.${text}`;
  if (element.startsWith("v:")) return `[=${text}]`;
  if (element.startsWith("i:")) return `[${text}]`;
  const keys = Object.entries(JSON.parse(text) as Fields);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}

/* FieldsV1 of managedFields. */

const decoded = new WeakMap<Fields, FieldSet>();
const encoded = new WeakMap<FieldSet, Fields>();

/** The result is shared: do not change it. */
export function toFieldsV1(set: FieldSet): Fields {
  const known = encoded.get(set);
  if (known) return known;
  const out: Fields = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].sort(before)) {
    const child = set.children.get(element);
    if (!child) out[element] = {};
    else out[element] = set.members.has(element) ? { ".": {}, ...toFieldsV1(child) } : toFieldsV1(child);
  }
  encoded.set(set, out);
  decoded.set(out, set);
  return out;
}

/** The result is shared: do not insert into it. */
export function fromFieldsV1(fields: Fields): FieldSet {
  const known = decoded.get(fields);
  if (known) return known;
  const set = emptySet();
  for (const [element, child] of Object.entries(fields)) {
    if (element === "." || !isFields(child)) continue;
    const names = Object.keys(child);
    if (names.length === 0 || "." in child) set.members.add(element);
    if (names.some((name) => name !== ".")) set.children.set(element, fromFieldsV1(child));
  }
  decoded.set(fields, set);
  return set;
}
