import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Api, ChangeEvent, Obj, Ref } from "./types.ts";

/** Where the controllers of one world work. */
export interface Stage {
  readonly api: Api;
  /** Of the API server, e.g. `v1.36.2`. */
  readonly version: string;
  /** How many milliseconds one second of cluster time lasts: image pulls, back-offs and idle windows shrink by it. */
  readonly second: number;
  /** 0 <= x < 1, reproducible by the world's seed. */
  readonly random: () => number;
}

/** Small questions that every controller of the world asks about plain Kubernetes objects. */

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  [field: string]: unknown;
}

export const keyOf = (object: Obj): string => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;

export const refOf = (object: Obj): Ref => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
});

/** The reference behind a `namespace/name` key. */
export const refAt = (apiVersion: string, kind: string, key: string): Ref => {
  const [namespace = "", name = ""] = key.split("/");
  return { apiVersion, kind, namespace, name };
};

/** The key of the changed object when it is of this kind, else nothing. */
export const keysOfKind = (event: ChangeEvent, apiVersion: string, kind: string): readonly string[] =>
  event.object.kind === kind && event.object.apiVersion === apiVersion ? [keyOf(event.object)] : [];

/** The key of the controlling owner when it is of this kind, else nothing. */
export const keysOfOwner = (event: ChangeEvent, kind: string): readonly string[] => {
  const owner = event.object.metadata.ownerReferences?.find((reference) => reference.controller);
  return owner?.kind === kind ? [`${event.object.metadata.namespace ?? ""}/${owner.name}`] : [];
};

export const ownerReference = (owner: Obj) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

export const isOwnedBy = (object: Obj, owner: Obj): boolean =>
  object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) ?? false;

/** True when every label is there; a missing or empty selector matches nothing, as for Services. */
export const hasLabels = (object: Obj, wanted: Record<string, string> | undefined): boolean => {
  const entries = Object.entries(wanted ?? {});
  return entries.length > 0 && entries.every(([key, value]) => object.metadata.labels?.[key] === value);
};

export const conditionOf = (object: Obj | undefined, type: string): Condition | undefined =>
  (object?.status?.conditions as Condition[] | undefined)?.find((condition) => condition.type === type);

export const isTrue = (object: Obj | undefined, type: string): boolean => conditionOf(object, type)?.status === "True";

/** A pod counts while it is Ready and not on its way out. */
export const isPodReady = (pod: Obj): boolean => pod.metadata.deletionTimestamp === undefined && isTrue(pod, "Ready");

/** What ReplicaSets and Jobs count: not ended, and not on its way out (controller.FilterActivePods). */
export const isPodActive = ({ metadata, status }: Obj): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";

/** Told to end and not yet there. */
export const isPodTerminating = ({ metadata, status }: Obj): boolean =>
  metadata.deletionTimestamp !== undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";

/** True while at least one pod of the Deployment is ready: the process behind it lives. */
export const isUp = (api: Api, namespace: string, deployment: string): boolean =>
  (api.get({ apiVersion: "apps/v1", kind: "Deployment", namespace, name: deployment })?.status?.readyReplicas ?? 0) > 0;

/** RFC 3339 to the second, as Kubernetes writes times. */
export const timestamp = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

/** Replaces conditions by type; a condition whose status stays keeps its lastTransitionTime. */
export const mergeConditions = (before: readonly Condition[] | undefined, now: readonly Condition[]): Condition[] =>
  now.map((condition) => {
    const old = before?.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: since ?? timestamp() };
  });

/** True when `actual` says everything that `desired` says; server defaults on top do not count. */
export const covers = (actual: unknown, desired: unknown): boolean => {
  if (Array.isArray(desired)) {
    return (
      Array.isArray(actual) &&
      actual.length === desired.length &&
      desired.every((item, index) => covers(actual[index], item))
    );
  }
  if (typeof desired !== "object" || desired === null) return isDeepStrictEqual(actual, desired);
  if (typeof actual !== "object" || actual === null) return Object.keys(desired).length === 0;
  return Object.entries(desired).every(
    ([key, value]) => value === undefined || covers((actual as Record<string, unknown>)[key], value),
  );
};

/**
 * Creates the object, or brings an existing one to it: labels and annotations are added to, `spec` and the other fields are
 * replaced where they do not already say the same. `exactly` also replaces fields that say more than is desired.
 */
export const ensure = async (
  api: Api,
  manager: string,
  desired: Obj,
  { exactly = false }: { exactly?: boolean } = {},
): Promise<Obj> => {
  const current = api.get(refOf(desired));
  if (current === undefined) return await api.create(manager, desired);
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...fields } = desired;
  const says = exactly ? isDeepStrictEqual : covers;
  const settled = Object.entries(fields).every(([field, value]) => says(current[field], value));
  if (settled && covers(current.metadata, metadata)) return current;
  const updated = await api.update(manager, refOf(desired), (draft) => {
    if (metadata.labels) draft.metadata.labels = { ...draft.metadata.labels, ...metadata.labels };
    if (metadata.annotations) draft.metadata.annotations = { ...draft.metadata.annotations, ...metadata.annotations };
    for (const [field, value] of Object.entries(fields)) if (!says(draft[field], value)) draft[field] = value;
  });
  return updated ?? (await api.create(manager, desired));
};

/** Removes a finalizer; the object goes once none is left. */
export const dropFinalizer = (api: Api, manager: string, object: Obj, finalizer: string): Promise<Obj | undefined> =>
  api.update(manager, refOf(object), (draft) => {
    draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  });

const SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A short name suffix in Kubernetes' vowel-free alphabet, the same for the same content whatever the order of its keys. */
export const contentHash = (content: unknown, length: number): string =>
  [...createHash("sha256").update(JSON.stringify(content, sortKeys)).digest()]
    .slice(0, length)
    .map((byte) => SAFE_ALPHABET[byte % SAFE_ALPHABET.length])
    .join("");

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

/** Makes objects as that manager, those of definitions among them when these are established. */
export const bringAs = async (manager: string, api: Api, objects: readonly Obj[]): Promise<void> => {
  const isDefinition = ({ kind }: Obj): boolean => kind === CRD.kind;
  const definitions = objects.filter(isDefinition);
  for (const definition of definitions) await api.create(manager, definition);
  const isKnown = ({ metadata: { name } }: Obj): boolean => isTrue(api.get({ ...CRD, name }), "Established");
  await new Promise<void>((resolve) => {
    const stop = api.onChange(() => look());
    const look = (): void => {
      if (!definitions.every(isKnown)) return;
      stop();
      resolve();
    };
    look();
  });
  for (const object of objects) if (!isDefinition(object)) await api.create(manager, object);
};
