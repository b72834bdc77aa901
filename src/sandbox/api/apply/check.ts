/** Whether an applied object fits its schema, in the words of structured-merge-diff. */

import { isFields } from "../json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import { childOf, concrete } from "../schema/schema.ts";
import type { PathElement } from "./field-set.ts";
import { pathText } from "./field-set.ts";
import { itemElement } from "./items.ts";

/** The value does not fit the schema; `message` lists every place. */
export class TypedFailure extends Error {}

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
    if (Array.isArray(value)) checkItems(here, value, path, errors);
    else fail(`expected list, got ${goPrint(value)}`);
    return;
  }
  if (!isFields(value)) {
    fail(`expected map, got ${goPrint(value)}`);
    return;
  }
  for (const name of Object.keys(value)) {
    const child = childOf(here, name);
    if (!child) errors.push(`${path}.${name}: field not declared in schema`);
    else check(child, value[name], `${path}.${name}`, errors);
  }
}

function checkItems(schema: ListSchema, items: readonly unknown[], path: string, errors: string[]): void {
  const seen = new Set<PathElement>();
  items.forEach((item, index) => {
    if (schema.kind === "atomic") {
      check(schema.element, item, `${path}[${index}]`, errors);
      return;
    }
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
  return `map[${Object.keys(value)
    .sort()
    .map((name) => `${name}:${goPlain(value[name])}`)
    .join(" ")}]`;
};
const goSyntax = (value: unknown): string => {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isFields(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `map[string]interface {}{${names.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(", ")}}`;
};
