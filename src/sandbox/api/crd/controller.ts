/**
 * The parts of the API server that look after CustomResourceDefinitions: accepting names, serving, and removing the
 * instances when a definition is deleted.
 */

import type { Obj } from "../../types.ts";
import { update as trackUpdate } from "../apply/field-manager.ts";
import type { World } from "../call.ts";
import { internalCall, timestamp } from "../call.ts";
import { CLEANUP, DEFINITIONS, deleteObject } from "../delete.ts";
import { fieldsOf, listOf } from "../json.ts";
import type { Registry } from "../registry.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { createWorkQueue } from "../work-queue.ts";
import { writeOf } from "../write.ts";
import { hasCondition } from "./resources.ts";

const call = internalCall("kube-apiserver");

/** Returns the function that stops it. */
export function watchDefinitions({ store }: World, registry: Registry): () => void {
  const own = registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions") as Resource;
  /** Instances go straight from the store: no webhook is asked. */
  const direct: World = { store, admission: { mutate: async ({ object }) => object, validate: async () => undefined } };

  const establish = (definition: Obj): void => {
    const accepted = { status: "True", lastTransitionTime: timestamp() };
    const message = "the initial names have been accepted";
    const status = {
      ...fieldsOf(definition.status),
      conditions: [
        { type: "NamesAccepted", ...accepted, reason: "NoConflicts", message: "no conflicts found" },
        { type: "Established", ...accepted, reason: "InitialNamesAccepted", message },
      ],
      acceptedNames: definition.spec.names,
    };
    const established = trackUpdate(writeOf(own, call, "status"), definition, { ...definition, status });
    store.put(DEFINITIONS, established, definition);
  };

  const removeInstances = async (name: string, key: string): Promise<void> => {
    const resource = registry.all().find((candidate) => storageKey(candidate) === key);
    for (const { metadata } of store.list(key)) {
      if (!resource || metadata.deletionTimestamp !== undefined) continue;
      const target = { resource, namespace: metadata.namespace ?? "", name: metadata.name, subresource: "" };
      await deleteObject(direct, call, target, {});
    }
    const definition = store.get(DEFINITIONS, "", name);
    if (!definition || store.list(key).length > 0) return;
    const { finalizers = [], ...metadata } = definition.metadata;
    const rest = finalizers.filter((finalizer) => finalizer !== CLEANUP);
    if (rest.length === 0) store.remove(DEFINITIONS, { ...definition, metadata });
    else if (rest.length < finalizers.length)
      store.put(DEFINITIONS, { ...definition, metadata: { ...metadata, finalizers: rest } }, definition);
  };

  const queue = createWorkQueue(async (name) => {
    const definition = store.get(DEFINITIONS, "", name);
    if (!definition) return;
    if (isGoing(definition)) await removeInstances(name, keyOf(definition));
    else if (!hasCondition(definition, "Established") || namesChanged(definition)) establish(definition);
  });
  const off = store.onChange(({ key, type, object }) => {
    if (key === DEFINITIONS) {
      if (type === "DELETED") return registry.undefine(object.metadata.name);
      registry.define(object);
      queue.add(object.metadata.name);
    } else if (type === "DELETED")
      for (const definition of store.list(DEFINITIONS))
        if (isGoing(definition) && keyOf(definition) === key) queue.add(definition.metadata.name);
  });
  return () => {
    off();
    queue.stop();
  };
}

const isGoing = (definition: Obj): boolean => definition.metadata.deletionTimestamp !== undefined;
/** Where the instances are stored. */
const keyOf = ({ spec }: Obj): string => storageKey({ group: spec.group, plural: spec.names.plural });

function namesChanged(definition: Obj): boolean {
  const wanted = fieldsOf(definition.spec?.names);
  const accepted = fieldsOf(definition.status?.acceptedNames);
  const differ = (field: string): boolean => listOf(wanted[field]).join() !== listOf(accepted[field]).join();
  return (
    wanted.kind !== accepted.kind ||
    wanted.listKind !== accepted.listKind ||
    differ("shortNames") ||
    differ("categories")
  );
}
