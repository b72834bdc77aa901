/** Fills in the defaults of a structural schema (apiextensions-apiserver pkg/apiserver/schema/defaulting). */

import type { Fields } from "../json.ts";
import { clone, fieldsOf, isFields } from "../json.ts";

/** In place. A null where the schema allows none and has a default counts as absent. */
export function setDefaults(schema: Fields, value: unknown): void {
  if (Array.isArray(value)) {
    if (isFields(schema.items)) for (const item of value) setDefaults(schema.items, item);
    return;
  }
  if (!isFields(value)) return;
  const properties = fieldsOf(schema.properties);
  for (const name of Object.keys(properties)) {
    const child = fieldsOf(properties[name]);
    if (child.default === undefined) continue;
    if (value[name] === undefined || (value[name] === null && child.nullable !== true))
      value[name] = clone(child.default);
  }
  for (const name of Object.keys(value)) {
    const child = properties[name] ?? schema.additionalProperties;
    if (isFields(child)) setDefaults(child, value[name]);
  }
}
