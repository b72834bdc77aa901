/** Merge, JSON and strategic merge patches: each returns the patched copy. */

import type { Fields } from "./json.ts";
import { clone, equal, isFields, sorted } from "./json.ts";
import type { ListSchema, MapSchema, Schema } from "./schema/schema.ts";
import { childOf } from "./schema/schema.ts";
import { badRequest, refuse } from "./status.ts";

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return clone(patch);
  const out: Fields = isFields(target) ? { ...target } : {};
  for (const name of Object.keys(patch)) {
    if (patch[name] === null) delete out[name];
    else out[name] = mergePatch(out[name], patch[name]);
  }
  return out;
}

interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

const rejected = (): Error =>
  refuse(422, "Invalid", "the server rejected our request due to an error in our request", {});

/** RFC 6902. Throws StatusError 422 when an operation does not apply, 400 when the patch is none. */
export function jsonPatch(target: Fields, patch: unknown): Fields {
  if (!Array.isArray(patch)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  const root = { document: clone(target) as unknown };
  for (const operation of patch as readonly Operation[]) applyOperation(root, operation);
  if (!isFields(root.document)) throw rejected();
  return root.document;
}

function pointer(path: unknown): string[] {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) throw rejected();
  return [
    "document",
    ...path
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
  ];
}

function applyOperation(root: Fields, { op, path, from, value }: Operation): void {
  const to = pointer(path);
  switch (op) {
    case "add":
      place(root, to, clone(value));
      break;
    case "remove":
      take(root, to);
      break;
    case "replace":
      take(root, to);
      place(root, to, clone(value));
      break;
    case "move":
      place(root, to, take(root, pointer(from)));
      break;
    case "copy":
      place(root, to, clone(read(root, pointer(from))));
      break;
    case "test":
      if (!equal(read(root, to), value)) throw rejected();
      break;
    default:
      throw rejected();
  }
}

function read(root: unknown, path: readonly string[]): unknown {
  let here = root;
  for (const name of path) {
    const next: unknown = Array.isArray(here) ? here[index(here, name)] : isFields(here) ? here[name] : undefined;
    if (next === undefined) throw rejected();
    here = next;
  }
  return here;
}

function index(list: readonly unknown[], name: string): number {
  const number = Number(name);
  if (!/^\d+$/.test(name) || number > list.length) throw rejected();
  return number;
}

function place(root: unknown, path: readonly string[], value: unknown): void {
  const parent = read(root, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : index(parent, last), 0, value);
  else if (isFields(parent)) parent[last] = value;
  else throw rejected();
}

function take(root: unknown, path: readonly string[]): unknown {
  const value = read(root, path);
  const parent = read(root, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(index(parent, last), 1);
  else if (isFields(parent)) delete parent[last];
  return value;
}

const DIRECTIVE = "$patch";

/** Strategic merge for built-in kinds: keyed lists merge by their first key, `$patch: delete|replace` is understood. */
export function strategicMerge(schema: MapSchema, target: Fields, patch: Fields): Fields {
  return mergeFields(schema, target, patch);
}

function mergeFields(schema: Schema | undefined, target: unknown, patch: Fields): Fields {
  if (patch[DIRECTIVE] === "replace") {
    const { [DIRECTIVE]: _, ...rest } = patch;
    return clone(rest);
  }
  const out: Fields = isFields(target) ? { ...target } : {};
  const map = schema?.type === "map" ? schema : undefined;
  for (const name of Object.keys(patch)) {
    // kubectl orders merged lists and lists removed primitives by these; neither changes an unordered merge.
    if (name === DIRECTIVE || name.startsWith("$setElementOrder/") || name.startsWith("$retainKeys")) continue;
    if (name.startsWith("$deleteFromPrimitiveList/")) {
      const field = name.slice(name.indexOf("/") + 1);
      const gone = Array.isArray(patch[name]) ? patch[name] : [];
      if (Array.isArray(out[field])) out[field] = out[field].filter((item) => !gone.includes(item));
      continue;
    }
    const child = map ? childOf(map, name) : undefined;
    const value = patch[name];
    if (value === null) delete out[name];
    else if (isFields(value)) out[name] = mergeFields(child, out[name], value);
    else if (Array.isArray(value) && child?.type === "list" && child.kind !== "atomic")
      out[name] = mergeList(child, out[name], value);
    else out[name] = clone(value);
  }
  return out;
}

function mergeList(schema: ListSchema, target: unknown, patch: readonly unknown[]): unknown[] {
  const existing = Array.isArray(target) ? target : [];
  if (schema.kind === "set") return [...existing, ...patch.filter((item) => !existing.some((old) => equal(old, item)))];
  const key = schema.keys[0] ?? "";
  const keyOf = (item: unknown): string => sorted(isFields(item) ? item[key] : item);
  if (patch.some((item) => isFields(item) && item[DIRECTIVE] === "replace" && Object.keys(item).length === 1))
    return clone(patch.filter((item) => !(isFields(item) && DIRECTIVE in item)));
  const kept = new Map(existing.map((item) => [keyOf(item), item as unknown]));
  const fresh: unknown[] = [];
  for (const item of patch) {
    if (!isFields(item)) continue;
    const id = keyOf(item);
    if (item[DIRECTIVE] === "delete") kept.delete(id);
    else if (kept.has(id)) kept.set(id, mergeFields(schema.element, kept.get(id), item));
    else fresh.push(clone(item));
  }
  return [...fresh, ...kept.values()];
}
