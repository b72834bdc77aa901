/** What the server knows about one served resource: its names, its schema and the rules of its kind. */

import type { Obj } from "../types.ts";
import type { User } from "./access.ts";
import type { FieldSet } from "./apply/field-set.ts";
import type { Fields } from "./json.ts";
import type { MapSchema } from "./schema/schema.ts";
import type { FieldError, Named } from "./status.ts";
import type { Store } from "./store.ts";
import type { Column } from "./tables/column.ts";

export interface Resource extends Named {
  readonly version: string;
  readonly singular: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Whether /status is separate from the object. */
  readonly status: boolean;
  readonly scale?: ScalePaths;
  /** Subresources that are only listed by discovery or answered by hand. */
  readonly others: readonly Subresource[];
  readonly schema: MapSchema;
  /** The empty object as the server's types print it: what ownership of a new object is measured against. */
  readonly zero: Fields;
  readonly rules: Rules;
  /** Fields never owned through the main endpoint and through /status. */
  readonly excluded: FieldSet;
  readonly statusExcluded: FieldSet;
  /** Set for custom resources. */
  readonly custom?: { readonly openapi: Fields; readonly terminating: boolean; readonly columns: readonly Column[] };
  /** Turns a stored object into this version and back, where versions differ in more than their name. */
  readonly convert?: { readonly from: (stored: Obj) => Obj; readonly to: (object: Obj) => Obj };
  /** Served for reading old clients only: every answer carries this warning. */
  readonly deprecated?: string;
  /** e.g. /apis/authorization.k8s.io/v1/subjectaccessreviews: answered, never stored. */
  readonly virtual?: boolean;
}

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

/** Paths as field names from the object's root. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** A label selector object, or its text. */
  readonly selector?: readonly string[];
}

/** Hooks get drafts they may change in place. */
export interface Rules {
  /** Runs on every object read from a request. */
  readonly defaults?: (draft: Obj) => void;
  /** Fields the server sets itself; `old` is undefined on create. Throws StatusError to refuse. */
  readonly prepare?: (draft: Obj, old: Obj | undefined, store: Store) => void;
  readonly validate?: (object: Obj, old: Obj | undefined, store: Store) => FieldError[];
  readonly warn?: (object: Obj) => readonly string[];
  /** The part whose change raises metadata.generation; without it the kind has no generation. */
  readonly generation?: (object: Obj) => unknown;
  /** Refuses what the writer may not write although he may write the kind. Throws StatusError. */
  readonly authorize?: (object: Obj, old: Obj | undefined, user: User, store: Store) => void;
  /** Admission plugins compiled into the server. Throws StatusError to refuse. */
  readonly admit?: (draft: Obj, store: Store) => void;
  readonly name?: (name: string) => string | undefined;
  /** Whether a replace may leave resourceVersion out; true by default. */
  readonly unconditional?: boolean;
  readonly createOnUpdate?: boolean;
  /** Whether an apply is stored even when it changes nothing; measured for Jobs. */
  readonly applyAlwaysWrites?: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted?: boolean;
  readonly orphansByDefault?: boolean;
  /** Metadata that /status leaves as it was, besides spec. */
  readonly statusKeeps?: readonly ("labels" | "annotations")[];
  readonly fieldSelectors?: Readonly<Record<string, (object: Obj) => string>>;
}

export const storageKey = (resource: { readonly group: string; readonly plural: string }): string =>
  `${resource.group}/${resource.plural}`;

export const apiVersionOf = (resource: { readonly group: string; readonly version: string }): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;

export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
