import { isRecord } from "./json.ts";

export { isRecord };

/** The vocabulary for Kubernetes objects: plain JSON, never a client library's models. */

/** The version of the component that an object belongs to. */
export const VERSION_LABEL = "app.kubernetes.io/version";

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFields[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

/** One entry of metadata.managedFields (server-side apply's record of who owns what). */
export interface ManagedFields {
  manager?: string;
  operation?: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  subresource?: string;
  fieldsV1?: FieldSet;
}

/** `{"f:spec": {"f:replicas": {}}}`; a "." entry says that the parent itself is owned. */
export interface FieldSet {
  [key: string]: FieldSet;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** The reference of an object; `namespace` is left out when the object has none. */
export const refOf = (object: KubeObject): ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  ...(object.metadata.namespace ? { namespace: object.metadata.namespace } : {}),
  name: object.metadata.name,
});

/** `apps` of `apps/v1`; the core group is the empty string. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

/** Identity within a cluster, whatever version an object is written in: `group/Kind namespace/name`. */
export const keyOf = (ref: ObjectRef | KubeObject): string => {
  const { namespace, name } = "metadata" in ref ? (ref as KubeObject).metadata : (ref as ObjectRef);
  return `${groupOf(ref.apiVersion)}/${ref.kind} ${namespace ?? ""}/${name}`;
};

/** How people read it: `Deployment knative-serving/activator`. */
export const describe = (ref: ObjectRef | KubeObject): string => {
  const { namespace, name } = "metadata" in ref ? (ref as KubeObject).metadata : (ref as ObjectRef);
  return `${ref.kind} ${namespace ? `${namespace}/` : ""}${name}`;
};

/** Follows keys through plain objects; undefined as soon as one is missing. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown => {
  let here = value;
  for (const key of path) {
    if (typeof key === "number") here = Array.isArray(here) ? here[key] : undefined;
    else here = isRecord(here) ? here[key] : undefined;
  }
  return here;
};

/** The list that stands there; empty: none does. */
export const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** `data` of a ConfigMap or Secret; empty when absent. Values that are no texts are left out. */
export const dataOf = (object: KubeObject | undefined): Readonly<Record<string, string>> => {
  const data = at(object, "data");
  const entries = isRecord(data) ? Object.entries(data) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
};

/** One condition of a status, as Kubernetes and its extensions write them. */
export const conditionOf = (object: unknown, type: string): Record<string, unknown> | undefined => {
  const all = at(object, "status", "conditions");
  return (Array.isArray(all) ? all : []).filter(isRecord).find((condition) => condition.type === type);
};

/** The number at a path; undefined for anything else. */
export const numberAt = (value: unknown, ...path: readonly (string | number)[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
};

/** The text at a path; empty for anything else: JSON may have an object there whose `toString` is a number. */
export const textAt = (value: unknown, ...path: readonly (string | number)[]): string => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
};
