/**
 * Garbage collection by ownerReferences: deletes dependents whose owners are gone, and finishes foreground and orphan
 * deletion (the finalizers foregroundDeletion and orphan).
 */

import type { Obj } from "../../types.ts";
import { ADMIN } from "../access.ts";
import { deleteObject } from "../delete.ts";
import { splitApiVersion } from "../resource.ts";
import { storageKey } from "../resource.ts";
import type { Call } from "../write.ts";
import { updateObject } from "../write.ts";
import type { Cluster } from "./index.ts";
import { createWorkQueue } from "./work-queue.ts";

const call: Call = { user: ADMIN, manager: "kube-controller-manager", dryRun: false, validation: "Ignore", warnings: [] };
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

export function collectGarbage({ world, registry }: Cluster): () => void {
  const { store } = world;
  const resourceOf = (object: { apiVersion: string; kind: string }) => {
    const { group, version } = splitApiVersion(object.apiVersion);
    return registry.ofKind(group, version, object.kind);
  };
  /** Objects by the uid of an owner. */
  const dependents = new Map<string, Map<string, Obj>>();
  const owners = (object: Obj): string[] => (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);

  const withoutFinalizer = async (object: Obj, finalizer: string): Promise<void> => {
    const resource = resourceOf(object);
    if (!resource) return;
    await updateObject(world, resource, call, object.metadata.namespace ?? "", object.metadata.name, {
      subresource: "",
      change: (old) => {
        const { finalizers = [], ...metadata } = old.metadata;
        const rest = finalizers.filter((name) => name !== finalizer);
        return { ...old, metadata: { ...metadata, ...(rest.length > 0 ? { finalizers: rest } : {}) } };
      },
    });
  };

  const remove = async (object: Obj, propagationPolicy?: string): Promise<void> => {
    const resource = resourceOf(object);
    const { namespace = "", name, uid } = object.metadata;
    if (!resource || store.get(storageKey(resource), namespace, name)?.metadata.uid !== uid) return;
    await deleteObject(world, resource, call, namespace, name, { ...(uid ? { uid } : {}), propagationPolicy: propagationPolicy ?? "Background" });
  };

  const disown = async (object: Obj, uid: string): Promise<void> => {
    const resource = resourceOf(object);
    if (!resource) return;
    await updateObject(world, resource, call, object.metadata.namespace ?? "", object.metadata.name, {
      subresource: "",
      change: (old) => {
        const { ownerReferences = [], ...metadata } = old.metadata;
        const rest = ownerReferences.filter((owner) => owner.uid !== uid);
        return { ...old, metadata: { ...metadata, ...(rest.length > 0 ? { ownerReferences: rest } : {}) } };
      },
    });
  };

  const alive = (object: Obj, owner: { apiVersion: string; kind: string; name: string; uid: string }): boolean => {
    const resource = resourceOf(owner);
    // An owner of a kind nobody serves may come back: leave its dependents alone.
    if (!resource) return true;
    const namespace = resource.namespaced ? (object.metadata.namespace ?? "") : "";
    return store.get(storageKey(resource), namespace, owner.name)?.metadata.uid === owner.uid;
  };

  const settle = async (uid: string): Promise<void> => {
    const [owner] = waiting.get(uid) ?? [];
    waiting.delete(uid);
    const children = [...(dependents.get(uid)?.values() ?? [])];
    const finalizers = owner?.metadata.finalizers ?? [];
    if (owner && finalizers.includes(ORPHAN)) {
      for (const child of children) await disown(child, uid);
      await withoutFinalizer(owner, ORPHAN);
    } else if (owner && finalizers.includes(FOREGROUND)) {
      const blocking = children.filter((child) => child.metadata.ownerReferences?.some((o) => o.uid === uid && o.blockOwnerDeletion === true));
      for (const child of children) if (child.metadata.deletionTimestamp === undefined) await remove(child, "Foreground");
      if (blocking.every((child) => !dependents.get(uid)?.has(child.metadata.uid ?? ""))) await withoutFinalizer(owner, FOREGROUND);
      else waiting.set(uid, [owner]);
    } else
      for (const child of children) {
        if ((child.metadata.ownerReferences ?? []).every((reference) => !alive(child, reference))) await remove(child);
      }
  };
  /** Deleted owners that dependents still hold. */
  const waiting = new Map<string, [Obj]>();
  const queue = createWorkQueue(settle);

  const off = store.onChange(({ type, object, before }) => {
    const { uid = "" } = object.metadata;
    for (const owner of before ? owners(before) : []) dependents.get(owner)?.delete(uid);
    if (type !== "DELETED")
      for (const owner of owners(object)) {
        const group = dependents.get(owner) ?? new Map<string, Obj>();
        group.set(uid, object);
        dependents.set(owner, group);
      }
    const finalizers = object.metadata.finalizers ?? [];
    if (type !== "DELETED" && object.metadata.deletionTimestamp !== undefined && (finalizers.includes(ORPHAN) || finalizers.includes(FOREGROUND))) {
      waiting.set(uid, [object]);
      queue.add(uid);
    }
    if (type === "DELETED") {
      waiting.delete(uid);
      queue.add(uid);
      for (const owner of owners(object)) if (waiting.has(owner)) queue.add(owner);
    } else if (type === "ADDED")
      // A dependent that arrives after its owner has gone.
      for (const owner of object.metadata.ownerReferences ?? []) if (!alive(object, owner)) queue.add(owner.uid);
  });
  return () => {
    off();
    queue.stop();
  };
}
