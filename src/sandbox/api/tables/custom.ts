/** Columns that a CustomResourceDefinition asks for (apiextensions-apiserver, pkg/registry/customresource/tableconvertor). */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { isFields } from "../json.ts";
import { AGE, age, type Column, NAME } from "./column.ts";

export const customColumns = (asked: readonly Fields[]): readonly Column[] =>
  asked.length === 0 ? [NAME, AGE] : [NAME, ...asked.map(columnOf)];

function columnOf({ name, type, format, description, priority, jsonPath }: Fields): Column {
  const steps = stepsOf(String(jsonPath ?? ""));
  return {
    name: String(name),
    type: String(type),
    ...(format === undefined ? {} : { format: String(format) }),
    ...(description === undefined ? {} : { description: String(description) }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    cell: (object, now) => {
      const found = steps.reduce<unknown>((value, step) => step(value), object);
      if (found === undefined || found === null)
        return type === "date" || type === "integer" || type === "number" ? null : "";
      if (type === "date") return age(found, now);
      return type === "string" ? (typeof found === "object" ? JSON.stringify(found) : String(found)) : found;
    },
  };
}

type Step = (value: unknown) => unknown;

const PARTS = /\.((?:[^.[\\]|\\.)+)|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*['"]([^'"]*)['"]\)\]|\['([^']+)'\]/g;

/** As much of JSONPath as columns use: fields, an index, the first entry in which a field has a value. */
const stepsOf = (path: string): readonly Step[] =>
  [...path.matchAll(PARTS)].map(([, field, index, key, wanted, quoted]): Step => {
    const name = (field ?? quoted)?.replaceAll("\\", "");
    if (name !== undefined) return (value) => (isFields(value) ? value[name] : undefined);
    if (index !== undefined) return (value) => (Array.isArray(value) ? value[Number(index)] : undefined);
    return (value) => (Array.isArray(value) ? (value as Obj[]).find((one) => one[key ?? ""] === wanted) : undefined);
  });
