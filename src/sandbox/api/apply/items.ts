/** What server-side apply asks of single values: the identity of list items, and what counts as empty. */

import type { Fields } from "../json.ts";
import { isFields, sorted } from "../json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import type { PathElement } from "./field-set.ts";

export const fieldElement = (name: string): PathElement => `f:${name}`;

/** Identity of a list item, or why it has none. */
export function itemElement(schema: ListSchema, item: unknown): PathElement | { readonly error: string } {
  if (schema.kind === "set") return `v:${JSON.stringify(item)}`;
  if (!isFields(item)) return { error: "associative list with keys may not have non-map elements" };
  const keys: Fields = {};
  for (const key of schema.keys) {
    const value = item[key] ?? schema.keyDefaults[key];
    if (value === undefined)
      return {
        error: `associative list with keys has an element that omits key field "${key}" (and doesn't have default value)`,
      };
    keys[key] = value;
  }
  return `k:${sorted(keys)}`;
}

/** The identity, or undefined where the item has none. */
export const identityOf = (schema: ListSchema, item: unknown): PathElement | undefined => {
  const element = itemElement(schema, item);
  return typeof element === "string" ? element : undefined;
};

export const isAbsent = (value: unknown): boolean => value === undefined || value === null;
export const hollowList = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
export const hollowMap = (value: unknown): boolean => !isFields(value) || Object.keys(value).length === 0;
/** Only an untyped value can be a list now and an object then. */
export const changesShape = (schema: Schema, before: unknown, after: unknown): boolean =>
  schema.type === "any" &&
  !isAbsent(before) &&
  !isAbsent(after) &&
  (Array.isArray(before) !== Array.isArray(after) || isFields(before) !== isFields(after));
