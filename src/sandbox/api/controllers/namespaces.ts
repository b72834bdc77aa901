/** Empties a namespace that is being deleted, says what still holds it, and lets it go. */

import type { Obj } from "../../types.ts";
import { internalCall, timestamp } from "../call.ts";
import { deleteObject, finalizeNamespace } from "../delete.ts";
import type { Fields } from "../json.ts";
import { fieldsOf, listOf } from "../json.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { createWorkQueue } from "../work-queue.ts";
import type { Cluster } from "./index.ts";

const call = internalCall("kube-controller-manager");

export function endNamespaces(cluster: Cluster): () => void {
  const { client, world, registry } = cluster;
  const { store } = world;

  const finish = async (name: string): Promise<void> => {
    const namespace = store.get("/namespaces", "", name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    const kinds = new Map(
      registry
        .all()
        .filter((r) => r.namespaced && !r.virtual)
        .map((r) => [storageKey(r), r]),
    );
    const failures: string[] = [];
    for (const [key, resource] of kinds)
      for (const object of store.list(key, name)) {
        if (object.metadata.deletionTimestamp !== undefined) continue;
        try {
          const target = { resource, namespace: name, name: object.metadata.name, subresource: "" };
          await deleteObject(world, call, target, { propagationPolicy: "Background" });
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
      }
    const left = [...kinds].flatMap(([key, resource]) => store.list(key, name).map((object) => ({ resource, object })));
    const latest = store.get("/namespaces", "", name);
    if (!latest) return;
    if (left.length === 0) {
      finalizeNamespace(world, call, latest, []);
      return;
    }
    const ref = { apiVersion: "v1", kind: "Namespace", name };
    const wanted = conditionsOf(left, failures);
    await client.update(
      call.manager,
      ref,
      (draft) => {
        const status = fieldsOf(draft.status);
        draft.status = { ...status, conditions: withConditions(listOf(status.conditions), wanted, timestamp()) };
      },
      { subresource: "status" },
    );
    // A webhook that is down now may be gone later.
    if (failures.length > 0) throw new Error(failures.join(", "));
  };

  const queue = createWorkQueue(finish);
  const off = store.onChange(({ object, type }) => {
    const name = object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
    if (name === undefined) return;
    if (object.kind === "Namespace" ? object.metadata.deletionTimestamp !== undefined : type === "DELETED")
      queue.add(name);
  });
  return () => {
    off();
    queue.stop();
  };
}

interface Left {
  readonly resource: Resource;
  readonly object: Obj;
}

function counted(items: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The five conditions of the namespace controller. */
function conditionsOf(left: readonly Left[], failures: readonly string[]): Fields[] {
  const kinds = counted(left.map(({ resource }) => `${resource.plural}.${resource.group}`));
  const finalizers = counted(left.flatMap(({ object }) => object.metadata.finalizers ?? []));
  const resources = kinds.map(([kind, count]) => `${kind} has ${count} resource instances`).join(", ");
  const held = finalizers.map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).join(", ");
  const condition = (type: string, status: string, reason: string, message: string): Fields => ({
    type,
    status,
    reason,
    message,
  });
  return [
    condition(
      "NamespaceDeletionDiscoveryFailure",
      "False",
      "ResourcesDiscovered",
      "All resources successfully discovered",
    ),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      "False",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    failures.length > 0
      ? condition(
          "NamespaceDeletionContentFailure",
          "True",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(", ")}`,
        )
      : condition(
          "NamespaceDeletionContentFailure",
          "False",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", `Some resources are remaining: ${resources}`),
    finalizers.length > 0
      ? condition(
          "NamespaceFinalizersRemaining",
          "True",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${held}`,
        )
      : condition(
          "NamespaceFinalizersRemaining",
          "False",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
}

/** Keeps the transition time of what did not change. */
function withConditions(before: readonly unknown[], wanted: readonly Fields[], now: string): Fields[] {
  return wanted.map((condition) => {
    const old = before
      .map(fieldsOf)
      .find((candidate) => candidate.type === condition.type && candidate.status === condition.status);
    return { ...condition, lastTransitionTime: old?.lastTransitionTime ?? now };
  });
}
