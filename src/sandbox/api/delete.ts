/** Deletion: preconditions, finalizers, and what a propagation policy leaves to the garbage collector. */

import type { Obj } from "../types.ts";
import type { Call, Target, World } from "./call.ts";
import { timestamp } from "./call.ts";
import type { Fields } from "./json.ts";
import { equal, fieldsOf, listOf } from "./json.ts";
import { namespaceForbidden, PROTECTED } from "./kinds/core.ts";
import type { Resource } from "./resource.ts";
import { storageKey } from "./resource.ts";
import { notFound, preconditionFailed } from "./status.ts";

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: string;
  /** Of a pod; absent: what its spec says. */
  readonly gracePeriodSeconds?: number;
}

export interface Deleted {
  readonly object: Obj;
  /** False while finalizers, or the grace of a pod, hold it. */
  readonly gone: boolean;
}

const NAMESPACES = "/namespaces";
const PODS = "/pods";
export const DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions";
/** Holds a deleted definition until its instances are gone. */
export const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

const JOB_WARNING =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/** Throws StatusError. */
export async function deleteObject(world: World, call: Call, target: Target, options: DeleteOptions): Promise<Deleted> {
  const { store, admission } = world;
  const { resource, namespace, name } = target;
  const key = storageKey(resource);
  for (;;) {
    const old = store.get(key, namespace, name);
    if (key === NAMESPACES && PROTECTED.has(name)) throw namespaceForbidden(name);
    if (!old) throw notFound(resource, name);
    checkPreconditions(resource, old, options);
    const request = { resource, operation: "DELETE" as const, subresource: "", object: undefined, old, call };
    await admission.mutate(request);
    await admission.validate(request);
    if (store.get(key, namespace, name) !== old) continue;
    if (resource.rules.orphansByDefault && options.propagationPolicy === undefined) call.warnings.push(JOB_WARNING);
    const marked = mark(resource, old, options);
    const gone = !isHeld(key, marked);
    if (call.dryRun || (!gone && equal(marked, old))) return { object: marked, gone };
    // Pods show how they went; other objects go as they were.
    if (gone) return { object: store.remove(key, key === PODS ? marked : old), gone };
    return { object: store.put(key, marked, old), gone };
  }
}

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

/** What keeps an object that is marked for deletion: finalizers, and of a pod the grace within which its node ends it. */
export const isHeld = (key: string, { metadata, spec }: Obj): boolean =>
  (metadata.finalizers ?? []).length > 0 ||
  (key === NAMESPACES && (spec?.finalizers ?? []).length > 0) ||
  (key === PODS && Number(metadata.deletionGracePeriodSeconds ?? 0) > 0);

/** Seconds that a pod gets to end; none where no node runs it, or it has ended already (registry/core/pod/strategy.go). */
function graceOf({ spec, status }: Obj, { gracePeriodSeconds }: DeleteOptions): number {
  const isRunning = spec?.nodeName !== undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";
  const grace = gracePeriodSeconds ?? Number(spec?.terminationGracePeriodSeconds ?? 0);
  return isRunning ? (grace < 0 ? 1 : grace) : 0;
}

/** A pod that is going already: its grace can only be made shorter (apiserver registry/rest/delete.go). */
function hastened(metadata: Obj["metadata"], { gracePeriodSeconds }: DeleteOptions): void {
  const before = Number(metadata.deletionGracePeriodSeconds ?? 0);
  if (gracePeriodSeconds === undefined || gracePeriodSeconds >= before) return;
  const asked = Date.parse(String(metadata.deletionTimestamp)) - before * 1000;
  metadata.deletionTimestamp = `${new Date(asked + gracePeriodSeconds * 1000).toISOString().slice(0, 19)}Z`;
  metadata.deletionGracePeriodSeconds = gracePeriodSeconds;
}

/** The object as a first DELETE leaves it when something holds it; a second changes nothing. */
function mark(resource: Resource, old: Obj, options: DeleteOptions): Obj {
  const key = storageKey(resource);
  const metadata = { ...old.metadata };
  if (key !== NAMESPACES) metadata.finalizers = finalizersFor(resource, key, old, options);
  if (metadata.finalizers?.length === 0) delete metadata.finalizers;
  if (old.metadata.deletionTimestamp !== undefined) {
    if (key === PODS) hastened(metadata, options);
    return { ...old, metadata };
  }
  const grace = key === PODS ? graceOf(old, options) : 0;
  metadata.deletionTimestamp = timestamp(grace);
  const status = fieldsOf(old.status);
  if (key === NAMESPACES) return { ...old, metadata, status: { ...status, phase: "Terminating" } };
  if (key === DEFINITIONS) return { ...old, metadata, status: terminating(status) };
  metadata.deletionGracePeriodSeconds = grace;
  if (metadata.generation !== undefined) metadata.generation += 1;
  return { ...old, metadata };
}

function finalizersFor(resource: Resource, key: string, old: Obj, options: DeleteOptions): string[] {
  const finalizers = new Set(old.metadata.finalizers ?? []);
  if (key === DEFINITIONS) return [...finalizers.add(CLEANUP)];
  const policy = options.propagationPolicy ?? (resource.rules.orphansByDefault ? "Orphan" : undefined);
  if (policy === undefined) return [...finalizers];
  finalizers.delete("orphan");
  finalizers.delete("foregroundDeletion");
  if (policy === "Orphan") finalizers.add("orphan");
  if (policy === "Foreground") finalizers.add("foregroundDeletion");
  return [...finalizers];
}

const terminating = (status: Fields): Fields => ({
  ...status,
  conditions: [
    ...listOf(status.conditions),
    {
      type: "Terminating",
      status: "True",
      lastTransitionTime: timestamp(),
      reason: "InstanceDeletionPending",
      message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    },
  ],
});

/** Gives a namespace other spec.finalizers; one that only waited for them goes. Returns the namespace. */
export function finalizeNamespace({ store }: World, call: Call, old: Obj, finalizers: readonly unknown[]): Obj {
  const draft: Obj = { ...old, spec: finalizers.length > 0 ? { finalizers } : {} };
  if (call.dryRun) return draft;
  const marked = old.metadata.deletionTimestamp !== undefined;
  return marked && !isHeld(NAMESPACES, draft) ? store.remove(NAMESPACES, draft) : store.put(NAMESPACES, draft, old);
}
