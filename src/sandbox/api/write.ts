/**
 * The path of every write, in the API server's order: ownership, mutating admission, what the server sets itself,
 * validation, validating admission, storage. Dry run goes all the way and stores nothing.
 */

import { randomUUID } from "node:crypto";
import type { Obj } from "../types.ts";
import type { User } from "./access.ts";
import type { Admission } from "./admission.ts";
import { equalButTimes, update as ownUpdate, type Write } from "./apply/field-manager.ts";
import { decodeObject } from "./codec.ts";
import { clone, equal, type Fields } from "./json.ts";
import { metadataErrors, metadataUpdateErrors, nameIsSubdomain } from "./kinds/names.ts";
import { randomSuffix } from "./kinds/pods.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, storageKey } from "./resource.ts";
import { alreadyExists, badRequest, forbidden, internal, invalid, modified, notFound, wrongText } from "./status.ts";
import type { Store } from "./store.ts";

export interface World {
  readonly store: Store;
  readonly admission: Admission;
}

/** How a request wants to write. */
export interface Call {
  readonly user: User;
  /** Field manager. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly validation: "Strict" | "Warn" | "Ignore";
  /** Collects Warning headers. */
  readonly warnings: string[];
}

export const timestamp = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");

export function writeOf(resource: Resource, call: Call, subresource: string): Write {
  return {
    schema: resource.schema,
    zero: resource.zero,
    manager: call.manager,
    apiVersion: apiVersionOf(resource),
    subresource,
    excluded: subresource === "status" ? resource.statusExcluded : resource.excluded,
    now: timestamp(),
  };
}

/** Decodes a request's object; unknown fields are refused, warned about or passed over as the request says. */
export function decodeRequest(resource: Resource, value: Fields, call: Call): Obj {
  const unknown: string[] = [];
  const draft = decodeObject(resource, value, unknown);
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (texts.length > 0 && call.validation === "Strict")
    throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${texts.join(", ")}`);
  if (call.validation === "Warn") call.warnings.push(...texts);
  return resource.convert ? resource.convert.to(draft) : draft;
}

/** The NamespaceLifecycle plugin: nothing is created in a namespace that is missing or going. */
function checkNamespace(store: Store, resource: Resource, draft: Obj): void {
  if (!resource.namespaced) return;
  const name = draft.metadata.namespace ?? "";
  const namespace = store.get("/namespaces", "", name);
  if (!namespace) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  throw forbidden(resource, draft.metadata.name, `unable to create new content in namespace ${name} because it is being terminated`, [
    { reason: "NamespaceTerminating", message: `namespace ${name} is being terminated`, field: "metadata.namespace" },
  ]);
}

async function mutated(world: World, resource: Resource, call: Call, object: Obj, old: Obj | undefined, subresource: string): Promise<Obj> {
  const operation = old ? "UPDATE" : "CREATE";
  const after = await world.admission.mutate({ resource, operation, subresource, object, old, user: call.user, dryRun: call.dryRun, warnings: call.warnings });
  if (!after || after === object) return object;
  const draft = decodeObject(resource, after, []);
  draft.metadata = { ...draft.metadata, ...(object.metadata.managedFields ? { managedFields: object.metadata.managedFields } : {}) };
  return draft;
}

/** Stores a new object. `object` is a decoded draft. Throws StatusError. */
export async function create(world: World, resource: Resource, call: Call, object: Obj): Promise<Obj> {
  const { store } = world;
  if (resource.custom?.terminating)
    throw forbidden(resource, object.metadata.name, "create not allowed while custom resource definition is terminating");
  const metadata = object.metadata;
  if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + randomSuffix();
  checkNamespace(store, resource, object);
  resource.rules.admit?.(object, store);
  const sentVersion = metadata.resourceVersion;
  let draft = await mutated(world, resource, call, object, undefined, "");
  draft = { ...draft, metadata: { ...draft.metadata } };
  const own = draft.metadata;
  for (const field of ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]) delete own[field];
  own.uid = randomUUID();
  own.creationTimestamp = timestamp();
  if (resource.rules.generation) own.generation = 1;
  else delete own.generation;
  if (resource.status) resetStatus(resource, draft, undefined);
  resource.rules.prepare?.(draft, undefined, store);
  settleErrors(resource, draft, [
    ...metadataErrors(draft, resource.rules.name ?? nameIsSubdomain),
    ...(resource.rules.validate?.(draft, undefined, store) ?? []),
  ]);
  call.warnings.push(...(resource.rules.warn?.(draft) ?? []));
  await world.admission.validate({ resource, operation: "CREATE", subresource: "", object: draft, old: undefined, user: call.user, dryRun: call.dryRun, warnings: call.warnings });
  if (sentVersion !== undefined) throw internal("resourceVersion should not be set on objects to be created");
  const key = storageKey(resource);
  const existing = store.get(key, own.namespace ?? "", own.name);
  if (existing) throw alreadyExists(resource, own.name, existing.metadata.deletionTimestamp !== undefined);
  return call.dryRun ? draft : store.put(key, draft, undefined);
}

function resetStatus(resource: Resource, draft: Obj, old: Obj | undefined): void {
  const status: unknown = old ? old.status : clone(resource.zero.status);
  if (status === undefined) delete draft.status;
  else draft.status = status;
}

function settleErrors(resource: Resource, draft: Obj, errors: Parameters<typeof invalid>[3]): void {
  if (errors.length > 0) throw invalid(resource.group, resource.kind, draft.metadata.name ?? "", errors);
}

export interface Update {
  readonly subresource: "" | "status" | "scale";
  /**
   * The object as the request wants it, with its owners, from the stored one. Called again when somebody else wrote meanwhile.
   */
  readonly change: (old: Obj) => Obj;
  /** Store it even if it is equal. */
  readonly always?: boolean;
}

export interface Updated {
  readonly object: Obj;
  /** False for a no-op. */
  readonly written: boolean;
}

/** Stores a changed object, or nothing when it is equal. Throws StatusError. */
export async function updateObject(world: World, resource: Resource, call: Call, namespace: string, name: string, request: Update): Promise<Updated> {
  const { store } = world;
  const key = storageKey(resource);
  for (;;) {
    const old = store.get(key, namespace, name);
    if (!old) throw notFound(resource, name);
    const changed = request.change(old);
    const wanted = await mutated(world, resource, call, changed, old, request.subresource);
    const draft = prepareUpdate(store, resource, wanted, old, request.subresource);
    settleErrors(resource, draft, [
      ...metadataUpdateErrors(draft, old),
      ...metadataErrors(draft, resource.rules.name ?? nameIsSubdomain),
      ...(request.subresource === "status" && !resource.custom ? [] : (resource.rules.validate?.(draft, old, store) ?? [])),
    ]);
    if (request.subresource === "") call.warnings.push(...(resource.rules.warn?.(draft) ?? []));
    await world.admission.validate({ resource, operation: "UPDATE", subresource: request.subresource, object: draft, old, user: call.user, dryRun: call.dryRun, warnings: call.warnings });
    if (store.get(key, namespace, name) !== old) continue;
    if (!request.always && equalButTimes(draft, old)) return { object: old, written: false };
    if (call.dryRun) return { object: draft, written: true };
    if (isGone(resource, draft)) {
      store.remove(key, draft);
      return { object: draft, written: true };
    }
    return { object: store.put(key, draft, old), written: true };
  }
}

/** An object marked for deletion goes with its last finalizer. */
function isGone(resource: Resource, draft: Obj): boolean {
  if (draft.metadata.deletionTimestamp === undefined || (draft.metadata.finalizers ?? []).length > 0) return false;
  if (draft.metadata.deletionGracePeriodSeconds !== undefined && draft.metadata.deletionGracePeriodSeconds !== 0) return false;
  return !(resource.group === "" && resource.plural === "namespaces") || (draft.spec?.finalizers ?? []).length === 0;
}

function prepareUpdate(store: Store, resource: Resource, wanted: Obj, old: Obj, subresource: string): Obj {
  const sent = wanted.metadata.resourceVersion;
  if (sent === undefined && resource.rules.unconditional === false)
    throw invalid(resource.group, resource.plural, wanted.metadata.name, [wrongText("metadata.resourceVersion", "0", "must be specified for an update")]);
  if (sent !== undefined && sent !== old.metadata.resourceVersion) throw modified(resource, wanted.metadata.name);
  const kept = old.metadata;
  let draft: Obj = { ...wanted, metadata: { ...wanted.metadata, ...(kept.resourceVersion ? { resourceVersion: kept.resourceVersion } : {}) } };
  const own = draft.metadata;
  // Left out is left as it was; something else is refused by validation.
  for (const field of ["uid", "creationTimestamp", "generateName"] as const)
    if (own[field] === undefined && kept[field] !== undefined) Object.assign(own, { [field]: kept[field] });
  for (const field of ["deletionTimestamp", "deletionGracePeriodSeconds", "generation"] as const) {
    delete own[field];
    if (kept[field] !== undefined) Object.assign(own, { [field]: kept[field] });
  }
  if (subresource === "status") draft = withStatus(resource, draft, old);
  else {
    if (resource.status) resetStatus(resource, draft, old);
    resource.rules.prepare?.(draft, old, store);
    const part = resource.rules.generation;
    if (part && !equal(part(draft), part(old))) draft.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  return draft;
}

/** What /status may change: the status, and for built-in kinds most metadata. */
function withStatus(resource: Resource, draft: Obj, old: Obj): Obj {
  const managed = draft.metadata.managedFields;
  const metadata = { ...(resource.custom ? old.metadata : draft.metadata) };
  delete metadata.managedFields;
  if (managed) metadata.managedFields = managed;
  for (const field of resource.rules.statusKeeps ?? []) {
    delete metadata[field];
    if (old.metadata[field]) metadata[field] = old.metadata[field];
  }
  const { status: _, ...rest } = old;
  return { ...rest, metadata, ...(draft.status === undefined ? {} : { status: draft.status }) } as Obj;
}

/** The draft with owners for an ordinary update (PUT, merge or JSON patch). */
export function owned(resource: Resource, call: Call, subresource: string, old: Obj | undefined, draft: Obj): Obj {
  return ownUpdate(writeOf(resource, call, subresource), old, draft);
}
