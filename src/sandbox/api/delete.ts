/** Deletion: preconditions, finalizers, and what a propagation policy leaves to the garbage collector. */

import type { Obj } from "../types.ts";
import { namespaceForbidden, PROTECTED } from "./kinds/core.ts";
import { equal, type Fields, fieldsOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { storageKey } from "./resource.ts";
import { notFound, preconditionFailed } from "./status.ts";
import type { Call, World } from "./write.ts";
import { timestamp } from "./write.ts";

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: string;
}

export interface Deleted {
  readonly object: Obj;
  /** False while finalizers hold it. */
  readonly gone: boolean;
}

/** Holds a deleted definition until its instances are gone. */
export const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

const JOB_WARNING =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/** Throws StatusError. */
export async function deleteObject(world: World, resource: Resource, call: Call, namespace: string, name: string, options: DeleteOptions): Promise<Deleted> {
  const { store } = world;
  const key = storageKey(resource);
  for (;;) {
    const old = store.get(key, namespace, name);
    if (isNamespace(resource) && PROTECTED.has(name)) throw namespaceForbidden(name);
    if (!old) throw notFound(resource, name);
    checkPreconditions(resource, old, options);
    await world.admission.validate({ resource, operation: "DELETE", subresource: "", object: undefined, old, user: call.user, dryRun: call.dryRun, warnings: call.warnings });
    if (store.get(key, namespace, name) !== old) continue;
    if (resource.rules.orphansByDefault && options.propagationPolicy === undefined) call.warnings.push(JOB_WARNING);
    const marked = mark(resource, old, options);
    if (!isHeld(resource, marked)) {
      if (call.dryRun) return { object: marked, gone: true };
      return { object: store.remove(key, resource.plural === "pods" ? marked : old), gone: true };
    }
    if (call.dryRun || equal(marked, old)) return { object: marked, gone: false };
    return { object: store.put(key, marked, old), gone: false };
  }
}

const isNamespace = (resource: Resource): boolean => resource.group === "" && resource.plural === "namespaces";
const isDefinition = (resource: Resource): boolean => resource.group === "apiextensions.k8s.io" && resource.plural === "customresourcedefinitions";

function checkPreconditions(resource: Resource, old: Obj, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = old.metadata;
  if (options.uid !== undefined && options.uid !== uid)
    throw preconditionFailed(
      resource,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    throw preconditionFailed(
      resource,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
}

const isHeld = (resource: Resource, object: Obj): boolean =>
  (object.metadata.finalizers ?? []).length > 0 || (isNamespace(resource) && (object.spec?.finalizers ?? []).length > 0);

/** The object as a first DELETE leaves it when something holds it. */
function mark(resource: Resource, old: Obj, options: DeleteOptions): Obj {
  const finalizers = new Set(old.metadata.finalizers ?? []);
  const policy = options.propagationPolicy ?? (resource.rules.orphansByDefault ? "Orphan" : undefined);
  if (policy !== undefined && !isNamespace(resource) && !isDefinition(resource)) {
    finalizers.delete("orphan");
    finalizers.delete("foregroundDeletion");
    if (policy === "Orphan") finalizers.add("orphan");
    if (policy === "Foreground") finalizers.add("foregroundDeletion");
  }
  const metadata = { ...old.metadata };
  if (finalizers.size > 0) metadata.finalizers = [...finalizers];
  if (old.metadata.deletionTimestamp !== undefined) return { ...old, metadata };
  metadata.deletionTimestamp = timestamp();
  if (isNamespace(resource)) return { ...old, metadata, status: { ...fieldsOf(old.status), phase: "Terminating" } };
  if (isDefinition(resource)) {
    metadata.finalizers = [...new Set([...finalizers, CLEANUP])];
    return { ...old, metadata, status: terminating(fieldsOf(old.status)) };
  }
  metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation !== undefined) metadata.generation += 1;
  return { ...old, metadata };
}

function terminating(status: Fields): Fields {
  const conditions = Array.isArray(status.conditions) ? status.conditions : [];
  const condition = {
    type: "Terminating",
    status: "True",
    lastTransitionTime: timestamp(),
    reason: "InstanceDeletionPending",
    message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  };
  return { ...status, conditions: [...conditions, condition] };
}
