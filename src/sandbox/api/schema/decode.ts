/**
 * Decodes JSON into a built-in kind as the server's Go types do: refuses values of the wrong type, drops fields the type
 * does not know, drops nulls and empty values, writes what is always written, and gives times and quantities their stored form.
 */

import type { Fields } from "../json.ts";
import { clone, isFields } from "../json.ts";
import { canonicalQuantity } from "./quantity.ts";
import type { MapSchema, Scalar, Schema } from "./schema.ts";
import { ALWAYS, DROPS_ZERO, KEEPS_EMPTY, STRUCT } from "./zero.ts";

/** The value does not fit the type; the message is what the server's decoder says. */
export class DecodeFailure extends Error {}

interface Position {
  /** Dotted path with indexes, for unknown fields. */
  readonly path: string;
  /** Dotted path without indexes, as Go names it in type errors. */
  readonly goPath: string;
  readonly model: string;
  readonly goType: string;
}

/**
 * `unknown` collects the paths of dropped fields, in document order.
 * Throws DecodeFailure.
 */
export function decode(schema: MapSchema, value: Fields, unknown: string[]): Fields {
  return decodeStruct(
    schema,
    value,
    { path: "", goPath: "", model: schema.model ?? "", goType: "" },
    unknown,
  ) as Fields;
}

const DROP = Symbol("not written");

function decodeValue(schema: Schema, value: unknown, here: Position, unknown: string[]): unknown {
  if (value === null || value === undefined) return DROP;
  switch (schema.type) {
    case "any":
      return clone(value);
    case "scalar":
      return decodeScalar(schema, value, here);
    case "list": {
      if (!Array.isArray(value)) return mismatch(value, here);
      if (value.length === 0) return DROP;
      return value.map((item, index) => {
        const inner = { ...here, path: `${here.path}[${index}]`, goType: here.goType.replace(/^\[\]/, "") };
        const decoded = decodeValue(schema.element, item, inner, unknown);
        return decoded === DROP ? zeroOf(schema.element, unknown) : decoded;
      });
    }
    case "map": {
      if (!isFields(value)) return mismatch(value, here);
      if (schema.model !== undefined) return decodeStruct(schema, value, here, unknown);
      const out: Fields = {};
      const element = schema.element;
      if (!element) return clone(value);
      for (const name of Object.keys(value)) {
        const decoded = decodeValue(
          element,
          value[name],
          { ...here, path: `${here.path}.${name}`, goType: goType(element) },
          unknown,
        );
        out[name] = decoded === DROP ? zeroOf(element, unknown) : decoded;
      }
      return Object.keys(out).length === 0 ? DROP : out;
    }
  }
}

function decodeStruct(schema: MapSchema, value: Fields, here: Position, unknown: string[]): Fields {
  const model = schema.model ?? "";
  const out: Fields = {};
  const prefix = here.path === "" ? "" : `${here.path}.`;
  const goPrefix = here.goPath === "" ? "" : `${here.goPath}.`;
  for (const name of Object.keys(value)) {
    const field = schema.fields.get(name);
    if (!field) {
      unknown.push(prefix + name);
      continue;
    }
    const position = { path: prefix + name, goPath: goPrefix + name, model, goType: goType(field) };
    const decoded = decodeValue(field, value[name], position, unknown);
    if (decoded === DROP) continue;
    if (decoded === "" && !KEEPS_EMPTY.has(`${model}.${name}`)) continue;
    if ((decoded === 0 || decoded === false) && DROPS_ZERO.has(`${model}.${name}`)) continue;
    out[name] = decoded;
  }
  const always = ALWAYS[schema.id ?? ""] ?? ALWAYS[model];
  if (always) for (const name of Object.keys(always)) if (!(name in out)) writeZero(schema, out, name, always[name]);
  return out;
}

function writeZero(schema: MapSchema, out: Fields, name: string, zero: unknown): void {
  const field = schema.fields.get(name);
  if (field) out[name] = zero === STRUCT ? zeroOf(field, []) : zero;
}

function zeroOf(schema: Schema, unknown: string[]): unknown {
  if (schema.type === "map" && schema.model !== undefined)
    return decodeStruct(schema, {}, { path: "", goPath: "", model: "", goType: "" }, unknown);
  if (schema.type === "scalar" && schema.of === "string") return "";
  return null;
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function decodeScalar(schema: Scalar, value: unknown, here: Position): unknown {
  switch (schema.format) {
    case "quantity":
    case "resource": {
      const text = canonicalQuantity(value, { inResources: schema.format === "resource" });
      if (text === undefined)
        throw new DecodeFailure(
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        );
      return text;
    }
    case "int-or-string":
      return typeof value === "string" || typeof value === "number" ? value : mismatch(value, here);
    case "time":
      return decodeTime(value, here);
    case "micro-time":
      return decodeMicroTime(value, here);
    case "bytes":
      return decodeBytes(value, here);
    default:
  }
  if (schema.of === "any") return typeof value === "object" ? mismatch(value, here) : value;
  if (schema.of !== typeof value) return mismatch(value, here);
  const whole = schema.format === "int32" || schema.format === "int64";
  if (whole && !Number.isInteger(value)) return mismatch(value, here, `number ${String(value)}`);
  return value;
}

function decodeTime(value: unknown, here: Position): string {
  if (typeof value !== "string") return mismatch(value, here);
  const match = TIME.exec(value);
  if (!match)
    throw new DecodeFailure(
      `parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`,
    );
  return match[3] === "Z" ? `${match[1]}Z` : new Date(value).toISOString().replace(/\.\d+Z$/, "Z");
}

/** MicroTime insists on six digits after the point. */
function decodeMicroTime(value: unknown, here: Position): string {
  if (typeof value !== "string") return mismatch(value, here);
  const match = TIME.exec(value);
  const rest = match ? value.slice((match[1] ?? "").length) : value;
  if (match?.[2]?.length !== 7)
    throw new DecodeFailure(
      `parsing time "${value}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${rest}" as ".000000"`,
    );
  return value;
}

function decodeBytes(value: unknown, here: Position): string {
  if (typeof value !== "string") return mismatch(value, here);
  const text = value.replace(/[\r\n]/g, "");
  const body = text.replace(/={1,2}$/, "");
  const bad = /[^A-Za-z0-9+/]/.exec(body);
  if (bad || text.length % 4 !== 0)
    throw new DecodeFailure(`illegal base64 data at input byte ${bad?.index ?? text.length}`);
  return text;
}

function mismatch(value: unknown, here: Position, what = jsonKind(value)): never {
  throw new DecodeFailure(
    `json: cannot unmarshal ${what} into Go struct field ${here.model}.${here.goPath} of type ${here.goType}`,
  );
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** How Go names the type in a decoding error. */
function goType(schema: Schema): string {
  switch (schema.type) {
    case "any":
      return "interface {}";
    case "list":
      return `[]${goType(schema.element)}`;
    case "map":
      return schema.model === undefined
        ? `map[string]${schema.element ? goType(schema.element) : "string"}`
        : `v1.${schema.model}`;
    case "scalar":
      if (schema.of === "boolean") return "bool";
      if (schema.of === "number") return schema.format === "double" ? "float64" : (schema.format ?? "int32");
      return schema.format === "bytes" ? "[]uint8" : "string";
  }
}
