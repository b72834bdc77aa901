/** The walkable schema of a custom resource, from the openAPIV3Schema of its CRD. */

import type { Fields } from "../json.ts";
import { fieldsOf, isFields, listOf } from "../json.ts";
import { OBJECT_META } from "./builtin.ts";
import type { MapSchema, Schema } from "./schema.ts";
import { ANY } from "./schema.ts";

const TEXT: Schema = { type: "scalar", of: "string" };

/** `openapi` is the version's openAPIV3Schema. */
export function customSchema(openapi: Fields): MapSchema {
  const root = convert(openapi);
  const fields = new Map(root.type === "map" ? root.fields : []);
  fields.set("apiVersion", TEXT);
  fields.set("kind", TEXT);
  fields.set("metadata", OBJECT_META);
  const element = root.type === "map" ? root.element : ANY;
  return { type: "map", fields, atomic: false, ...(element ? { element } : {}) };
}

function convert(node: Fields): Schema {
  if (node["x-kubernetes-int-or-string"] === true) return { type: "scalar", of: "any" };
  const open = node["x-kubernetes-preserve-unknown-fields"] === true;
  switch (node.type) {
    case "object":
      return convertObject(node, open);
    case "array": {
      const kind = node["x-kubernetes-list-type"];
      const keys = listOf(node["x-kubernetes-list-map-keys"]).map(String);
      const properties = fieldsOf(fieldsOf(node.items).properties);
      const keyDefaults: Fields = {};
      for (const key of keys) {
        const standard = fieldsOf(properties[key]).default;
        if (standard !== undefined) keyDefaults[key] = standard;
      }
      return {
        type: "list",
        element: isFields(node.items) ? convert(node.items) : ANY,
        kind: kind === "map" || kind === "set" ? kind : "atomic",
        keys,
        keyDefaults,
      };
    }
    case "string":
      return TEXT;
    case "boolean":
      return { type: "scalar", of: "boolean" };
    case "integer":
    case "number":
      return { type: "scalar", of: "number" };
    default:
      return ANY;
  }
}

function convertObject(node: Fields, open: boolean): MapSchema {
  const fields = new Map<string, Schema>();
  for (const [name, child] of Object.entries(fieldsOf(node.properties))) fields.set(name, convert(fieldsOf(child)));
  if (node["x-kubernetes-embedded-resource"] === true) {
    fields.set("apiVersion", TEXT);
    fields.set("kind", TEXT);
    fields.set("metadata", OBJECT_META);
  }
  const rest = node.additionalProperties;
  const element = open ? ANY : isFields(rest) ? convert(rest) : rest === true ? ANY : undefined;
  return { type: "map", fields, atomic: node["x-kubernetes-map-type"] === "atomic", ...(element ? { element } : {}) };
}
