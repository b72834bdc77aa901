/** From the JSON of a request to an object of its kind: decoding, pruning and defaulting. */

import type { Obj } from "../types.ts";
import { setDefaults } from "./crd/defaults.ts";
import { prune } from "./crd/prune.ts";
import type { Fields } from "./json.ts";
import { clone, isFields } from "./json.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf } from "./resource.ts";
import { OBJECT_META } from "./schema/builtin.ts";
import { DecodeFailure, decode } from "./schema/decode.ts";
import { badRequest } from "./status.ts";

/**
 * A draft the caller may change. `unknown` collects the paths of fields the kind does not have, which are dropped.
 * Throws StatusError 400 where a built-in kind has a value of the wrong type.
 */
export function decodeObject(resource: Resource, value: Fields, unknown: string[]): Obj {
  try {
    const draft = resource.custom
      ? decodeCustom(resource, resource.custom.openapi, value, unknown)
      : decodeBuiltin(resource, value, unknown);
    resource.rules.defaults?.(draft);
    return draft;
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error;
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`,
    );
  }
}

function decodeBuiltin(resource: Resource, value: Fields, unknown: string[]): Obj {
  const decoded = decode(resource.schema, value, unknown);
  const metadata = isFields(decoded.metadata) ? decoded.metadata : {};
  return { ...decoded, kind: resource.kind, apiVersion: apiVersionOf(resource), metadata } as unknown as Obj;
}

function decodeCustom(resource: Resource, openapi: Fields, value: Fields, unknown: string[]): Obj {
  const inMetadata: string[] = [];
  const metadata = isFields(value.metadata) ? decode(OBJECT_META, value.metadata, inMetadata) : {};
  unknown.push(...inMetadata.map((path) => `metadata.${path}`));
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = value;
  const body = clone(rest);
  unknown.push(...prune(openapi, body));
  setDefaults(openapi, body);
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...body } as unknown as Obj;
}

/** The stored object as a version of its resource shows it. */
export function inVersion(resource: Resource, stored: Obj): Obj {
  if (resource.convert) return resource.convert.from(stored);
  const apiVersion = apiVersionOf(resource);
  return stored.apiVersion === apiVersion ? stored : { ...stored, apiVersion };
}
