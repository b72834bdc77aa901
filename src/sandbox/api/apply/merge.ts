/** Laying an applied value over the live one, and taking fields out of a value (structured-merge-diff, typed). */

import type { Fields } from "../json.ts";
import { isFields } from "../json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import { childOf, concrete } from "../schema/schema.ts";
import type { FieldSet, PathElement } from "./field-set.ts";
import { below, isEmpty } from "./field-set.ts";
import { changesShape, fieldElement, hollowList, hollowMap, identityOf, isAbsent } from "./items.ts";

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
    const order = items.map((item) => identityOf(schema, item) ?? "");
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

/** The value without the given fields; a container that loses its last entry becomes null. */
export function remove(schema: Schema, value: unknown, set: FieldSet): unknown {
  if (isAbsent(value)) return value;
  const here = concrete(schema, value);
  if (here.type === "scalar") return value;
  if (here.type === "list") {
    if (!Array.isArray(value) || here.kind === "atomic") return null;
    const items: unknown[] = [];
    for (const item of value) {
      const element = identityOf(here, item);
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
