/**
 * One description of an object's shape for built-in kinds and custom resources: what server-side apply, decoding and
 * strategic merge walk along. The vocabulary is that of structured-merge-diff.
 */

export type Schema = Scalar | MapSchema | ListSchema | AnySchema;

export interface Scalar {
  readonly type: "scalar";
  readonly of: "string" | "number" | "boolean" | "any";
  /** What the server's own type makes of the text when decoding a built-in kind. */
  readonly format?:
    | "bytes"
    | "time"
    | "micro-time"
    | "quantity"
    | "resource"
    | "int32"
    | "int64"
    | "double"
    | "int-or-string";
}

/** A struct (`fields`), a map (`element`), or both. */
export interface MapSchema {
  readonly type: "map";
  readonly fields: ReadonlyMap<string, Schema>;
  readonly element?: Schema;
  readonly atomic: boolean;
  /** Name of the server's struct, for built-in kinds, e.g. `DeploymentSpec`. */
  readonly model?: string;
  /** The struct's name with its version, where one name means two structs, e.g. `V2HorizontalPodAutoscalerStatus`. */
  readonly id?: string;
}

export interface ListSchema {
  readonly type: "list";
  readonly element: Schema;
  readonly kind: "atomic" | "set" | "map";
  readonly keys: readonly string[];
  readonly keyDefaults: Readonly<Record<string, unknown>>;
}

/** Any JSON: the shape is read off the value; lists in it are atomic. */
export interface AnySchema {
  readonly type: "any";
  readonly atomic: boolean;
}

export const ANY: AnySchema = { type: "any", atomic: false };
export const ATOMIC_ANY: AnySchema = { type: "any", atomic: true };
const NO_FIELDS: ReadonlyMap<string, Schema> = new Map();
export const ANY_MAP: MapSchema = { type: "map", fields: NO_FIELDS, element: ANY, atomic: false };
const ANY_ATOMIC_MAP: MapSchema = { type: "map", fields: NO_FIELDS, element: ANY, atomic: true };
const ANY_LIST: ListSchema = { type: "list", element: ANY, kind: "atomic", keys: [], keyDefaults: {} };
const ANY_SCALAR: Scalar = { type: "scalar", of: "any" };

/** The concrete schema for a value: itself, unless it is "any". */
export function concrete(schema: Schema, value: unknown): Scalar | MapSchema | ListSchema {
  if (schema.type !== "any") return schema;
  if (Array.isArray(value)) return ANY_LIST;
  if (value !== null && typeof value === "object") return schema.atomic ? ANY_ATOMIC_MAP : ANY_MAP;
  return ANY_SCALAR;
}

export const childOf = (schema: MapSchema, name: string): Schema | undefined =>
  schema.fields.get(name) ?? schema.element;
