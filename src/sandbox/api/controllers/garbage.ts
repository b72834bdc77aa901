/**
 * Garbage collection by ownerReferences: deletes dependents whose owners are gone, and finishes foreground and orphan
 * deletion (the finalizers foregroundDeletion and orphan).
 */

import type { Obj } from "../../types.ts";
import { internalCall, type Target } from "../call.ts";
import { deleteObject } from "../delete.ts";
import { splitApiVersion, storageKey } from "../resource.ts";
import type { Change } from "../store.ts";
import { A_MOMENT, createWorkQueue } from "../work-queue.ts";
import { update } from "../write.ts";
import type { Cluster } from "./cluster.ts";

type Owner = NonNullable<Obj["metadata"]["ownerReferences"]>[number];

const call = internalCall("kube-controller-manager");
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

const ownersOf = (object: Obj): readonly Owner[] => object.metadata.ownerReferences ?? [];

export function collectGarbage({ world, registry }: Cluster): () => void {
  const { store } = world;
  /** Dependents by the uid of an owner, then by their own. */
  const dependents = new Map<string, Map<string, Obj>>();
  /** Owners that are being deleted and wait for their dependents. */
  const waiting = new Map<string, Obj>();

  const targetOf = (object: Obj | Owner, namespace: string, name: string): Target | undefined => {
    const { group, version } = splitApiVersion(object.apiVersion);
    const resource = registry.ofKind(group, version, object.kind);
    return resource && { resource, namespace: resource.namespaced ? namespace : "", name, subresource: "" };
  };
  /** The place of an object that is still the same one. */
  const current = (object: Obj): Target | undefined => {
    const { namespace = "", name, uid } = object.metadata;
    const target = targetOf(object, namespace, name);
    const found = target && store.get(storageKey(target.resource), target.namespace, name);
    return found?.metadata.uid === uid ? target : undefined;
  };
  const isAlive = (dependent: Obj, owner: Owner): boolean => {
    const target = targetOf(owner, dependent.metadata.namespace ?? "", owner.name);
    // An owner of a kind nobody serves may come back: its dependents are left alone.
    if (!target) return true;
    return store.get(storageKey(target.resource), target.namespace, owner.name)?.metadata.uid === owner.uid;
  };

  const remove = async (object: Obj, propagationPolicy: string): Promise<void> => {
    const target = current(object);
    if (target) await deleteObject(world, call, target, { propagationPolicy });
  };
  /** Takes entries off a list in the metadata; an empty list goes. */
  const strip = async (
    object: Obj,
    field: "finalizers" | "ownerReferences",
    keep: (entry: unknown) => boolean,
  ): Promise<void> => {
    const target = current(object);
    if (!target) return;
    await update(world, call, target, (old) => {
      const { [field]: list, ...metadata } = old.metadata;
      const rest = (list ?? []).filter(keep);
      return { ...old, metadata: { ...metadata, ...(rest.length > 0 ? { [field]: rest } : {}) } };
    });
  };

  const childrenOf = (uid: string): Obj[] => [...(dependents.get(uid)?.values() ?? [])];
  const toOrphan = createWorkQueue(async (uid) => {
    const owner = waiting.get(uid);
    if (!owner) return;
    for (const child of childrenOf(uid)) await strip(child, "ownerReferences", (entry) => (entry as Owner).uid !== uid);
    await strip(owner, "finalizers", (entry) => entry !== ORPHAN);
  }, A_MOMENT);
  const toDelete = createWorkQueue(async (uid) => {
    const owner = waiting.get(uid);
    const children = childrenOf(uid);
    if (owner?.metadata.finalizers?.includes(FOREGROUND)) {
      for (const child of children)
        if (child.metadata.deletionTimestamp === undefined) await remove(child, "Foreground");
      const blocks = (child: Obj): boolean =>
        ownersOf(child).some((o) => o.uid === uid && o.blockOwnerDeletion === true);
      if (!children.some((child) => blocks(child) && current(child)))
        await strip(owner, "finalizers", (entry) => entry !== FOREGROUND);
    } else
      for (const child of children)
        if (!ownersOf(child).some((reference) => isAlive(child, reference))) await remove(child, "Background");
  });

  const record = ({ type, object, before }: Change): void => {
    const { uid = "" } = object.metadata;
    for (const owner of before ? ownersOf(before) : []) dependents.get(owner.uid)?.delete(uid);
    if (type === "DELETED") return;
    for (const owner of ownersOf(object)) {
      const group = dependents.get(owner.uid) ?? new Map<string, Obj>();
      dependents.set(owner.uid, group.set(uid, object));
    }
  };

  const off = store.onChange((change) => {
    record(change);
    const { object, type } = change;
    const { uid = "", deletionTimestamp, finalizers = [] } = object.metadata;
    if (type === "DELETED") {
      waiting.delete(uid);
      if (dependents.get(uid)?.size) toDelete.add(uid);
      else dependents.delete(uid);
      for (const owner of ownersOf(object)) if (waiting.has(owner.uid)) toDelete.add(owner.uid);
    } else if (deletionTimestamp !== undefined && (finalizers.includes(ORPHAN) || finalizers.includes(FOREGROUND))) {
      waiting.set(uid, object);
      (finalizers.includes(ORPHAN) ? toOrphan : toDelete).add(uid);
    } else if (type === "ADDED")
      // A dependent that arrives after its owner has gone.
      for (const owner of ownersOf(object)) if (!isAlive(object, owner)) toDelete.add(owner.uid);
  });
  return () => {
    off();
    toOrphan.stop();
    toDelete.stop();
  };
}
