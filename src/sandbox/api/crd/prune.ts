/** Removes what a structural schema does not know (apiextensions-apiserver pkg/apiserver/schema/pruning). */

import type { Fields } from "../json.ts";
import { fieldsOf, isFields } from "../json.ts";

/** Prunes in place below the root's own kind, apiVersion and metadata; returns the removed paths. */
export function prune(schema: Fields, value: Fields): string[] {
  const removed: string[] = [];
  pruneObject(schema, value, "", removed, true);
  return removed;
}

const EMBEDDED: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

function pruneObject(schema: Fields, value: Fields, path: string, removed: string[], root = false): void {
  const properties = fieldsOf(schema.properties);
  const rest = schema.additionalProperties;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || rest === true;
  const embedded = root || schema["x-kubernetes-embedded-resource"] === true;
  for (const name of Object.keys(value)) {
    if (embedded && EMBEDDED.has(name)) continue;
    const child = properties[name];
    const inner = path === "" ? name : `${path}.${name}`;
    if (isFields(child)) pruneValue(child, value[name], inner, removed);
    else if (isFields(rest)) pruneValue(rest, value[name], inner, removed);
    else if (!open) {
      removed.push(inner);
      delete value[name];
    }
  }
}

function pruneValue(schema: Fields, value: unknown, path: string, removed: string[]): void {
  if (isFields(value)) pruneObject(schema, value, path, removed);
  else if (Array.isArray(value) && isFields(schema.items)) {
    const items = schema.items;
    for (const [index, item] of value.entries()) pruneValue(items, item, `${path}[${index}]`, removed);
  }
}
