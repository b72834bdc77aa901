/**
 * The parts of the API server that look after CustomResourceDefinitions: accepting names, serving, and removing the
 * instances when a definition is deleted.
 */

import type { Obj } from "../../types.ts";
import { update as ownUpdate } from "../apply/field-manager.ts";
import { internalCall, timestamp, type World } from "../call.ts";
import { CLEANUP, DEFINITIONS, deleteObject } from "../delete.ts";
import { fieldsOf, listOf } from "../json.ts";
import type { Registry } from "../registry.ts";
import type { Resource } from "../resource.ts";
import { writeOf } from "../write.ts";
import { hasCondition } from "./resources.ts";

const call = internalCall("kube-apiserver");

/** Returns the function that stops it. */
export function watchDefinitions(world: World, registry: Registry): () => void {
  const { store } = world;
  const pending = new Set<NodeJS.Immediate>();
  const later = (work: () => void): void => {
    const handle = setImmediate(() => {
      pending.delete(handle);
      work();
    });
    pending.add(handle);
  };

  const current = (name: string): Obj | undefined => store.get(DEFINITIONS, "", name);
  const own = registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions") as Resource;

  const establish = (name: string): void => {
    const definition = current(name);
    if (!definition || definition.metadata.deletionTimestamp !== undefined) return;
    const now = timestamp();
    const accepted = { status: "True", lastTransitionTime: now };
    const status = {
      ...fieldsOf(definition.status),
      conditions: [
        { type: "NamesAccepted", ...accepted, reason: "NoConflicts", message: "no conflicts found" },
        {
          type: "Established",
          ...accepted,
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        },
      ],
      acceptedNames: definition.spec.names,
    };
    store.put(DEFINITIONS, ownUpdate(writeOf(own, call, "status"), definition, { ...definition, status }), definition);
  };

  const cleanUp = async (name: string): Promise<void> => {
    const definition = current(name);
    if (!definition?.metadata.finalizers?.includes(CLEANUP)) return;
    const { group, names } = definition.spec;
    const key = `${group}/${names.plural}`;
    const resource = registry.all().find((r) => r.group === group && r.plural === names.plural);
    for (const { metadata } of store.list(key)) {
      if (!resource || metadata.deletionTimestamp !== undefined) continue;
      const target = { resource, namespace: metadata.namespace ?? "", name: metadata.name, subresource: "" };
      await deleteObject(world, call, target, {});
    }
    const latest = current(name);
    if (!latest || store.list(key).length > 0) return;
    const finalizers = (latest.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP);
    const { finalizers: _, ...metadata } = latest.metadata;
    const released = { ...latest, metadata: { ...metadata, ...(finalizers.length > 0 ? { finalizers } : {}) } } as Obj;
    if (finalizers.length === 0) store.remove(DEFINITIONS, released);
    else store.put(DEFINITIONS, released, latest);
  };

  const off = store.onChange((change) => {
    if (change.key !== DEFINITIONS) {
      if (change.type !== "DELETED") return;
      for (const definition of store.list(DEFINITIONS))
        if (
          definition.metadata.deletionTimestamp !== undefined &&
          change.key === `${definition.spec.group}/${definition.spec.names.plural}`
        )
          later(() => void cleanUp(definition.metadata.name));
      return;
    }
    const { name, deletionTimestamp } = change.object.metadata;
    if (change.type === "DELETED") return registry.undefine(name);
    registry.define(change.object);
    if (deletionTimestamp !== undefined) later(() => void cleanUp(name));
    else if (!hasCondition(change.object, "Established") || namesChanged(change.object)) later(() => establish(name));
  });
  return () => {
    off();
    for (const handle of pending) clearImmediate(handle);
  };
}

const namesChanged = (definition: Obj): boolean => {
  const wanted = fieldsOf(definition.spec?.names);
  const accepted = fieldsOf(definition.status?.acceptedNames);
  return (
    wanted.kind !== accepted.kind ||
    wanted.listKind !== accepted.listKind ||
    listOf(wanted.shortNames).join() !== listOf(accepted.shortNames).join() ||
    listOf(wanted.categories).join() !== listOf(accepted.categories).join()
  );
};
