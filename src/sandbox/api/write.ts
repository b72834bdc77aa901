/**
 * The path of every write, in the API server's order: ownership, mutating admission, what the server sets itself,
 * validation, validating admission, storage. Dry run goes all the way and stores nothing.
 */

import { randomUUID } from "node:crypto";
import type { Obj } from "../types.ts";
import type { Write } from "./apply/field-manager.ts";
import { equalButTimes, update as trackUpdate } from "./apply/field-manager.ts";
import type { Call, Target, World } from "./call.ts";
import { timestamp } from "./call.ts";
import { decodeObject } from "./codec.ts";
import { isHeld } from "./delete.ts";
import type { Fields } from "./json.ts";
import { clone, equal } from "./json.ts";
import { metadataErrors, metadataUpdateErrors, nameIsSubdomain, randomSuffix } from "./kinds/names.ts";
import { checkConstraints } from "./plugins/constraints.ts";
import { checkLimitRanges } from "./plugins/limit-ranges.ts";
import { checkPodSecurity } from "./plugins/pod-security.ts";
import { checkQuotas } from "./plugins/quota.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, storageKey } from "./resource.ts";
import type { FieldError } from "./status.ts";
import { alreadyExists, badRequest, forbidden, internal, invalid, modified, notFound, wrongText } from "./status.ts";
import type { Store } from "./store.ts";

/** Decodes a request's object; unknown fields are refused, warned about or passed over as the request says. */
export function decodeRequest(resource: Resource, value: Fields, call: Call): Obj {
  const unknown: string[] = [];
  const draft = decodeObject(resource, value, unknown);
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  const { kind, version } = resource;
  if (texts.length > 0 && call.validation === "Strict")
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(", ")}`,
    );
  if (call.validation === "Warn") call.warnings.push(...texts);
  return resource.convert ? resource.convert.to(draft) : draft;
}

/** How a write through an endpoint is owned. */
export const writeOf = (resource: Resource, call: Call, subresource: string): Write => ({
  schema: resource.schema,
  zero: resource.zero,
  manager: call.manager,
  apiVersion: apiVersionOf(resource),
  subresource,
  excluded: subresource === "status" ? resource.statusExcluded : resource.excluded,
  now: timestamp(),
});

/** The draft with owners for a create (`old` undefined), a replace, or a merge or JSON patch. */
export const owned = (call: Call, { resource, subresource }: Target, old: Obj | undefined, draft: Obj): Obj =>
  trackUpdate(writeOf(resource, call, subresource), old, draft);

/* Create. */

/** Stores a new object. `object` is a decoded draft with its owners; it is changed. Throws StatusError. */
export async function create(world: World, call: Call, resource: Resource, object: Obj): Promise<Obj> {
  const { store, admission } = world;
  const { metadata } = object;
  if (resource.custom?.terminating)
    throw forbidden(resource, metadata.name, "create not allowed while custom resource definition is terminating");
  if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + randomSuffix();
  checkNamespace(store, resource, object);
  resource.rules.admit?.(object, store);
  const request = { resource, operation: "CREATE" as const, subresource: "", old: undefined, call };
  const draft = redecoded(resource, object, await admission.mutate({ ...request, object }));
  resource.rules.authorize?.(draft, undefined, call.user, store);
  prepareCreate(store, resource, draft);
  check(resource, draft, [
    ...metadataErrors(draft, resource.rules.name ?? nameIsSubdomain),
    ...(resource.rules.validate?.(draft, undefined, store) ?? []),
  ]);
  call.warnings.push(...(resource.rules.warn?.(draft) ?? []));
  if (storageKey(resource) === "/pods") checkLimitRanges(store, resource, draft);
  checkPodSecurity(store, resource, draft, call);
  checkConstraints(store, resource, draft);
  await admission.validate({ ...request, object: draft });
  checkQuotas(store, resource, draft);
  if (metadata.resourceVersion !== undefined)
    throw internal("resourceVersion should not be set on objects to be created");
  const key = storageKey(resource);
  const { namespace = "", name } = draft.metadata;
  const existing = store.get(key, namespace, name);
  if (existing) throw alreadyExists(resource, name, existing.metadata.deletionTimestamp !== undefined);
  return call.dryRun ? draft : store.put(key, draft, undefined);
}

/** The NamespaceLifecycle plugin: nothing is created in a namespace that is missing or going. */
function checkNamespace(store: Store, resource: Resource, draft: Obj): void {
  if (!resource.namespaced) return;
  const { namespace = "", name } = draft.metadata;
  const found = store.get("/namespaces", "", namespace);
  if (!found) throw notFound({ group: "", plural: "namespaces", kind: "Namespace" }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(resource, name, why, [{ reason: "NamespaceTerminating", message, field: "metadata.namespace" }]);
}

/** What webhooks changed is defaulted and pruned again; it has no owner. */
function redecoded(resource: Resource, before: Obj, after: Obj | undefined): Obj {
  if (!after || after === before) return { ...before, metadata: { ...before.metadata } };
  const draft = decodeObject(resource, after, []);
  const { managedFields } = before.metadata;
  if (managedFields) draft.metadata.managedFields = managedFields;
  return draft;
}

function prepareCreate(store: Store, resource: Resource, draft: Obj): void {
  const { metadata } = draft;
  for (const field of ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"])
    delete metadata[field];
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp();
  if (resource.rules.generation) metadata.generation = 1;
  if (resource.status) setStatus(draft, clone(resource.zero.status));
  resource.rules.prepare?.(draft, undefined, store);
}

function setStatus(draft: Obj, status: unknown): void {
  if (status === undefined) delete draft.status;
  else draft.status = status;
}

function check(resource: Resource, draft: Obj, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(resource.group, resource.kind, draft.metadata.name ?? "", errors);
}

/* Update. */

/**
 * Stores a changed object, or nothing when it is equal, and returns what is stored then. `change` makes the wanted object
 * with its owners from the stored one; it is called again when somebody else wrote meanwhile. `always` stores an equal
 * object too. Throws StatusError.
 */
export async function update(
  world: World,
  call: Call,
  target: Target,
  change: (old: Obj) => Obj,
  always = false,
): Promise<Obj> {
  const { store, admission } = world;
  const { resource, namespace, name, subresource } = target;
  const { rules } = resource;
  const key = storageKey(resource);
  for (;;) {
    const old = store.get(key, namespace, name);
    if (!old) throw notFound(resource, name);
    const wanted = change(old);
    const request = { resource, operation: "UPDATE" as const, subresource, old, call };
    const mutated = redecoded(resource, wanted, await admission.mutate({ ...request, object: wanted }));
    if (subresource === "") rules.authorize?.(mutated, old, call.user, store);
    const draft = prepareUpdate(store, target, mutated, old);
    const checked = subresource !== "status" || resource.custom !== undefined;
    check(resource, draft, [
      ...metadataUpdateErrors(draft, old),
      ...metadataErrors(draft, rules.name ?? nameIsSubdomain),
      ...(checked ? (rules.validate?.(draft, old, store) ?? []) : []),
    ]);
    if (subresource === "") {
      call.warnings.push(...(rules.warn?.(draft) ?? []));
      if (key !== "/pods") checkPodSecurity(store, resource, draft, call);
    }
    await admission.validate({ ...request, object: draft });
    if (store.get(key, namespace, name) !== old) continue;
    if (!always && equalButTimes(draft, old)) return old;
    if (call.dryRun) return draft;
    if (!isReleased(target, draft)) return store.put(key, draft, old);
    store.remove(key, draft);
    return draft;
  }
}

/** An object marked for deletion goes with the last that held it. */
const isReleased = ({ resource }: Target, draft: Obj): boolean =>
  draft.metadata.deletionTimestamp !== undefined && !isHeld(storageKey(resource), draft);

/** To be changed in place, but for its owners: their fields are read once, as long as they stay the same objects. */
function copyOf(object: Obj): Obj {
  const { managedFields, ...metadata } = object.metadata;
  const copy: Obj = clone({ ...object, metadata });
  if (managedFields) copy.metadata.managedFields = managedFields;
  return copy;
}

function prepareUpdate(store: Store, target: Target, wanted: Obj, old: Obj): Obj {
  const { resource, subresource } = target;
  const { rules } = resource;
  const { name, resourceVersion } = wanted.metadata;
  if (resourceVersion === undefined && rules.unconditional === false) {
    const error = wrongText("metadata.resourceVersion", "0", "must be specified for an update");
    throw invalid(resource.group, resource.plural, name, [error]);
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) throw modified(resource, name);
  const copy = copyOf(wanted);
  const draft = subresource === "status" ? withStatus(resource, copy, old) : copy;
  keepMetadata(draft, old);
  if (subresource === "status") return draft;
  if (resource.status) setStatus(draft, old.status);
  rules.prepare?.(draft, old, store);
  const part = rules.generation;
  if (part && !equal(part(draft), part(old))) draft.metadata.generation = (old.metadata.generation ?? 0) + 1;
  return draft;
}

/** What the server sets stays; of identity, what was left out is filled in and what differs is refused by validation. */
function keepMetadata({ metadata }: Obj, old: Obj): void {
  const kept = old.metadata;
  for (const field of ["uid", "creationTimestamp", "generateName"]) metadata[field] ??= kept[field];
  for (const field of ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"])
    metadata[field] = kept[field];
  for (const field of Object.keys(metadata)) if (metadata[field] === undefined) delete metadata[field];
}

/** What /status may change: the status, and for built-in kinds most metadata. */
function withStatus(resource: Resource, draft: Obj, old: Obj): Obj {
  const { managedFields } = draft.metadata;
  const metadata = { ...(resource.custom ? old.metadata : draft.metadata) };
  delete metadata.managedFields;
  if (managedFields) metadata.managedFields = managedFields;
  for (const field of resource.rules.statusKeeps ?? []) {
    delete metadata[field];
    if (old.metadata[field]) metadata[field] = old.metadata[field];
  }
  const { status: _, ...rest } = old;
  return { ...rest, metadata, ...(draft.status === undefined ? {} : { status: draft.status }) } as Obj;
}
