/**
 * Validates a custom resource against its structural schema, in the words of kube-openapi's validation as
 * apiextensions-apiserver reports it. CEL rules are not evaluated.
 */

import type { Fields } from "../json.ts";
import { equal, fieldsOf, isFields, listOf, sorted } from "../json.ts";
import type { FieldError } from "../status.ts";
import { duplicated, required, unsupported, wrong, wrongType } from "../status.ts";

/** Errors for everything but metadata. */
export function validateCustom(schema: Fields, object: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const { metadata: _, ...rest } = object;
  validateObject(schema, rest, "", errors);
  return errors;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function validate(schema: Fields, value: unknown, path: string, errors: FieldError[]): void {
  if (value === null && schema.nullable === true) return;
  const type = typeOf(value);
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (type !== "integer" && type !== "string")
      errors.push(wrongType(path, type, `${path} in body must be of type integer,string: "${type}"`));
    return;
  }
  const wanted = schema.type;
  if (typeof wanted === "string" && wanted !== type && !(wanted === "number" && type === "integer")) {
    errors.push(wrongType(path, type, `${path} in body must be of type ${wanted}: "${type}"`));
    return;
  }
  const choices = listOf(schema.enum);
  if (choices.length > 0 && !choices.some((choice) => equal(choice, value)))
    errors.push(unsupported(path, value, choices));
  if (typeof value === "number") validateNumber(schema, value, path, errors);
  if (typeof value === "string") validateString(schema, value, path, errors);
  if (Array.isArray(value)) validateArray(schema, value, path, errors);
  if (isFields(value)) validateObject(schema, value, path, errors);
  validateCombined(schema, value, path, errors);
}

function validateNumber(schema: Fields, value: number, path: string, errors: FieldError[]): void {
  const { minimum, maximum, multipleOf } = schema;
  const than = (strict: unknown): string => (strict === true ? "" : " or equal to");
  if (typeof minimum === "number" && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum))
    errors.push(
      wrong(path, value, `${path} in body should be greater than${than(schema.exclusiveMinimum)} ${minimum}`),
    );
  if (typeof maximum === "number" && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum))
    errors.push(wrong(path, value, `${path} in body should be less than${than(schema.exclusiveMaximum)} ${maximum}`));
  if (typeof multipleOf === "number" && value % multipleOf !== 0)
    errors.push(wrong(path, value, `${path} in body should be a multiple of ${multipleOf}`));
}

const FORMATS: Readonly<Record<string, RegExp>> = {
  "date-time": /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  uuid: /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
};

function validateString(schema: Fields, value: string, path: string, errors: FieldError[]): void {
  const { minLength, maxLength, pattern, format } = schema;
  const length = [...value].length;
  if (typeof minLength === "number" && length < minLength)
    errors.push(wrong(path, value, `${path} in body should be at least ${minLength} chars long`));
  if (typeof maxLength === "number" && length > maxLength)
    errors.push({
      reason: "FieldValueTooLong",
      field: path,
      message: `Too long: may not be more than ${maxLength} bytes`,
    });
  if (typeof pattern === "string" && !matches(pattern, value))
    errors.push(wrong(path, value, `${path} in body should match '${pattern}'`));
  const known = typeof format === "string" ? FORMATS[format] : undefined;
  if (known && !known.test(value))
    errors.push(wrong(path, value, `${path} in body must be of type ${String(format)}: ${JSON.stringify(value)}`));
}

const patterns = new Map<string, RegExp | undefined>();

/** A pattern that only Go's RE2 understands is taken as matching. */
function matches(pattern: string, value: string): boolean {
  if (!patterns.has(pattern)) {
    let compiled: RegExp | undefined;
    try {
      compiled = new RegExp(pattern, "u");
    } catch {
      compiled = undefined;
    }
    patterns.set(pattern, compiled);
  }
  return patterns.get(pattern)?.test(value) ?? true;
}

function validateArray(schema: Fields, value: readonly unknown[], path: string, errors: FieldError[]): void {
  const { minItems, maxItems } = schema;
  if (typeof minItems === "number" && value.length < minItems)
    errors.push(wrong(path, value.length, `${path} in body should have at least ${minItems} items`));
  if (typeof maxItems === "number" && value.length > maxItems)
    errors.push({
      reason: "FieldValueTooMany",
      field: path,
      message: `Too many: ${value.length}: must have at most ${maxItems} items`,
    });
  if (isFields(schema.items)) {
    const items = schema.items;
    for (const [index, item] of value.entries()) validate(items, item, `${path}[${index}]`, errors);
  }
  const keys = listOf(schema["x-kubernetes-list-map-keys"]).map(String);
  const kind = schema["x-kubernetes-list-type"];
  if (kind !== "map" && kind !== "set") return;
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const identity = kind === "set" ? item : Object.fromEntries(keys.map((key) => [key, fieldsOf(item)[key]]));
    const text = sorted(identity);
    if (seen.has(text)) errors.push(duplicated(`${path}[${index}]`, identity));
    seen.add(text);
  });
}

function validateObject(schema: Fields, value: Fields, path: string, errors: FieldError[]): void {
  const properties = fieldsOf(schema.properties);
  const inner = (name: string): string => (path === "" ? name : `${path}.${name}`);
  for (const name of listOf(schema.required).map(String))
    if (value[name] === undefined && !(path === "" && name === "metadata")) errors.push(required(inner(name)));
  for (const name of Object.keys(value)) {
    const child = properties[name];
    if (isFields(child)) validate(child, value[name], inner(name), errors);
    else if (isFields(schema.additionalProperties))
      validate(schema.additionalProperties, value[name], inner(name), errors);
  }
  const count = Object.keys(value).length;
  if (typeof schema.minProperties === "number" && count < schema.minProperties)
    errors.push(wrong(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  if (typeof schema.maxProperties === "number" && count > schema.maxProperties)
    errors.push({
      reason: "FieldValueTooMany",
      field: path,
      message: `Too many: ${count}: must have at most ${schema.maxProperties} items`,
    });
}

function validateCombined(schema: Fields, value: unknown, path: string, errors: FieldError[]): void {
  const fits = (branch: unknown): boolean => {
    const found: FieldError[] = [];
    validate(fieldsOf(branch), value, path, found);
    return found.length === 0;
  };
  for (const branch of listOf(schema.allOf)) validate(fieldsOf(branch), value, path, errors);
  const anyOf = listOf(schema.anyOf);
  if (anyOf.length > 0 && !anyOf.some(fits))
    errors.push(wrong(path, value, `${path} in body must validate at least one schema (anyOf)`));
  const oneOf = listOf(schema.oneOf);
  if (oneOf.length > 0 && oneOf.filter(fits).length !== 1)
    errors.push(wrong(path, value, `${path} in body must validate one and only one schema (oneOf)`));
  if (isFields(schema.not) && fits(schema.not))
    errors.push(wrong(path, value, `${path} in body must not validate the schema (not)`));
}
