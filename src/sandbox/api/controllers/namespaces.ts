/**
 * The namespace lifecycle controller (pkg/controller/namespace): empties a namespace that is being deleted, says what still
 * holds it, and lets it go. It does not watch what is in it: it comes back after a time that it estimates, whatever has gone
 * meanwhile.
 */

import type { Obj } from "../../types.ts";
import { minorOf, ORDERED_DELETION_SINCE } from "../ages.ts";
import { internalCall, timestamp } from "../call.ts";
import { deleteObject, finalizeNamespace } from "../delete.ts";
import type { Fields } from "../json.ts";
import { fieldsOf, listOf, objectsOf } from "../json.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import type { Cluster } from "./cluster.ts";
import { conditionsOf, discoveryError, type Left, withConditions } from "./namespace-conditions.ts";

const call = internalCall("kube-controller-manager");

/** Seconds from an event of a namespace to its handling: other servers may still create things in it. */
const SETTLING = 5;
/** Seconds that finalizers are given; for pods their whole grace is expected to be needed. */
const FINALIZER_ESTIMATE = 15;
/** The first pause after an error in milliseconds, doubling up to so many seconds. */
const FIRST_RETRY_MS = 5;
const LAST_RETRY = 60;

/** What one look at one kind, or at all of them, came to. */
interface Pass {
  /** Seconds until the content may be gone; 0: nothing to wait for. */
  readonly estimate: number;
  readonly left: readonly Left[];
  readonly failures: readonly string[];
}

export function endNamespaces({ client, world, registry, version, second }: Cluster): () => void {
  const { store } = world;
  const isOrdered = minorOf(version) >= ORDERED_DELETION_SINCE;
  /** When each was seen to be deleted, by uid: its timestamp has whole seconds only. */
  const since = new Map<string, number>();
  const failures = new Map<string, number>();
  const due = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  const working = new Set<string>();
  let stopped = false;

  /** How long the pods may take: the longest whole grace, until that has passed since the namespace was deleted. */
  const graceOf = (pods: readonly Obj[], { metadata: { uid = "" } }: Obj): number => {
    const graces = pods
      .filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed")
      .map(({ spec }) => Number(spec?.terminationGracePeriodSeconds ?? 0));
    const longest = Math.max(0, ...graces);
    const passed = (performance.now() - (since.get(uid) ?? 0)) / second;
    return passed >= longest ? 0 : longest;
  };

  /** Versions of groups that another server answers for, and that is away. */
  const undiscovered = (): readonly string[] =>
    store.list("apiregistration.k8s.io/apiservices", "").flatMap(({ spec, status }) => {
      const isAway = objectsOf(status?.conditions).some((one) => one.type === "Available" && one.status === "False");
      return isAway ? [`${spec?.group}/${spec?.version}`] : [];
    });

  const deleteAll = async (namespace: Obj, resource: Resource): Promise<Pass> => {
    const { name } = namespace.metadata;
    const key = storageKey(resource);
    const found = store.list(key, name);
    const grace = key === "/pods" ? graceOf(found, namespace) : 0;
    const refused: string[] = [];
    for (const object of found) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      try {
        const target = { resource, namespace: name, name: object.metadata.name, subresource: "" };
        await deleteObject(world, call, target, { propagationPolicy: "Background" });
      } catch (error) {
        refused.push(error instanceof Error ? error.message : String(error));
      }
    }
    const left = store.list(key, name).map((object) => ({ resource, object }));
    const isFinalizing = left.some(({ object }) => (object.metadata.finalizers ?? []).length > 0);
    const estimate = left.length === 0 ? 0 : grace || (isFinalizing ? FINALIZER_ESTIMATE : 0);
    const { group, version: served, plural } = resource;
    const isOdd = left.length > 0 && estimate === 0 && refused.length === 0;
    const odd = `unexpected items still remain in namespace: ${name} for gvr: ${group}/${served}, Resource=${plural}`;
    return { estimate, left, failures: isOdd ? [odd] : refused };
  };

  const say = async (name: string, wanted: readonly Fields[]): Promise<void> => {
    const ref = { apiVersion: "v1", kind: "Namespace", name };
    await client.update(
      call.manager,
      ref,
      (draft) => {
        const status = fieldsOf(draft.status);
        draft.status = { ...status, conditions: withConditions(listOf(status.conditions), wanted, timestamp()) };
      },
      { subresource: "status" },
    );
  };

  const empty = async (namespace: Obj): Promise<Pass> => {
    const { name } = namespace.metadata;
    const all = registry.all().filter((resource) => resource.namespaced && !resource.virtual);
    const kinds = [...new Map(all.map((resource) => [storageKey(resource), resource])).values()];
    const isPods = (resource: Resource): boolean => storageKey(resource) === "/pods";
    const passes: Pass[] = [];
    const unknown = undiscovered();
    for (const resource of isOrdered ? kinds.filter(isPods) : []) {
      const pass = await deleteAll(namespace, resource);
      if (pass.left.length > 0) {
        // As upstream returns here, before it has counted what remains.
        await say(name, conditionsOf([], pass.failures, unknown));
        return pass;
      }
    }
    for (const resource of isOrdered ? kinds.filter((kind) => !isPods(kind)) : kinds)
      passes.push(await deleteAll(namespace, resource));
    const left = passes.flatMap((pass) => pass.left);
    const failed = passes.flatMap((pass) => pass.failures);
    await say(name, conditionsOf(left, failed, unknown));
    // What was discovered is emptied all the same; the namespace stays, as nobody knows what else is in it.
    const errors = unknown.length > 0 ? [...failed, discoveryError(unknown)] : failed;
    return { estimate: Math.max(0, ...passes.map(({ estimate }) => estimate)), left, failures: errors };
  };

  const look = async (name: string): Promise<void> => {
    const namespace = store.get("/namespaces", "", name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    const pass = await empty(namespace);
    if (pass.failures.length > 0) {
      const count = failures.get(name) ?? 0;
      failures.set(name, count + 1);
      return after(name, Math.min(FIRST_RETRY_MS * 2 ** count, LAST_RETRY * second));
    }
    failures.delete(name);
    if (pass.estimate > 0) return after(name, (Math.floor(pass.estimate / 2) + 1) * second);
    const latest = store.get("/namespaces", "", name);
    if (latest) finalizeNamespace(world, call, latest, []);
  };

  /** The earlier of two times counts. */
  const after = (name: string, milliseconds: number): void => {
    const at = performance.now() + milliseconds;
    const planned = due.get(name);
    if (stopped || (planned && planned.at <= at)) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => void run(name), milliseconds);
    due.set(name, { at, timer });
  };

  const run = async (name: string): Promise<void> => {
    due.delete(name);
    if (working.has(name)) return after(name, second);
    working.add(name);
    await look(name);
    working.delete(name);
  };

  const off = store.onChange(({ object: { kind, metadata }, type }) => {
    if (kind !== "Namespace") return;
    const { uid = "", name } = metadata;
    if (type === "DELETED") since.delete(uid);
    else if (metadata.deletionTimestamp !== undefined) {
      if (!since.has(uid)) since.set(uid, performance.now());
      after(name, SETTLING * second);
    }
  });
  return () => {
    stopped = true;
    off();
    for (const { timer } of due.values()) clearTimeout(timer);
  };
}
