/**
 * The admission plugin ResourceQuota (apiserver plugin/resourcequota, pkg/quota/v1/evaluator/core). What is used is measured at
 * each request, so that a quota is never behind; only creates are charged.
 */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { at, fieldsOf, listOf, objectsOf } from "../json.ts";
import { qosClass } from "../kinds/pods.ts";
import type { Resource } from "../resource.ts";
import { storageKey } from "../resource.ts";
import { addQuantities, parseQuantity, printQuantity, type Quantity } from "../schema/quantity.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";

/** By what a quota calls it: `limits.cpu`, `pods`, `count/deployments.apps`. */
export type Usage = ReadonlyMap<string, Quantity>;

const PODS = "/pods";
const NONE: Quantity = { nano: 0n, format: "decimal" };
const units = (count: number): Quantity => ({ nano: BigInt(count) * 1_000_000_000n, format: "decimal" });
const ONE = units(1);

/** Kinds that are also counted under their bare name. */
const BARE = new Set([
  "/configmaps",
  "/persistentvolumeclaims",
  "/replicationcontrollers",
  "/resourcequotas",
  "/secrets",
  "/services",
]);
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
/** What every container has to say once a quota limits it. */
const TO_BE_SAID = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);

/** What an object counts for. `key`: where it is stored. */
export function usageOf(key: string, object: Obj): Usage {
  const [group = "", plural = ""] = key.split("/");
  const usage = new Map([[`count/${group === "" ? plural : `${plural}.${group}`}`, ONE]]);
  if (BARE.has(key)) usage.set(plural, ONE);
  if (key === PODS && !["Succeeded", "Failed"].includes(String(at(object, "status", "phase")))) {
    usage.set("pods", ONE);
    for (const [name, amount] of podUsage(fieldsOf(object.spec))) usage.set(name, amount);
  }
  if (key === "/services") {
    const type = at(object, "spec", "type");
    const ports = listOf(at(object, "spec", "ports")).length;
    if (type === "NodePort" || type === "LoadBalancer") usage.set("services.nodeports", units(ports));
    if (type === "LoadBalancer") usage.set("services.loadbalancers", ONE);
  }
  if (key === "/persistentvolumeclaims") {
    const storage = parseQuantity(at(object, "spec", "resources", "requests", "storage"));
    if (storage) usage.set("requests.storage", storage);
  }
  return usage;
}

/** Containers run together, init containers one after the other, and their pod has an overhead. */
function podUsage(spec: Fields): Usage {
  const all = objectsOf(spec.containers).map(containerUsage).reduce(sum, new Map<string, Quantity>());
  const first = objectsOf(spec.initContainers).map(containerUsage).reduce(most, new Map<string, Quantity>());
  return sum(most(all, first), containerUsage({ resources: { requests: spec.overhead } }));
}

function containerUsage(container: Fields): Usage {
  const { requests, limits } = fieldsOf(container.resources);
  const usage = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(fieldsOf(requests))) {
    const amount = parseQuantity(text);
    if (!amount) continue;
    usage.set(`requests.${name}`, amount);
    if (COMPUTE.includes(name)) usage.set(name, amount);
  }
  for (const name of COMPUTE) {
    const amount = parseQuantity(fieldsOf(limits)[name]);
    if (amount) usage.set(`limits.${name}`, amount);
  }
  return usage;
}

const merge =
  (join: (a: Quantity, b: Quantity) => Quantity) =>
  (a: Usage, b: Usage): Usage =>
    new Map([...a.keys(), ...b.keys()].map((name) => [name, join(a.get(name) ?? NONE, b.get(name) ?? NONE)]));
const sum = merge(addQuantities);
const most = merge((a, b) => (a.nano < b.nano ? b : a));

/** What a quota limits, and how much of it there may be. */
export const hardOf = (quota: Obj): Usage =>
  new Map(
    Object.entries(fieldsOf(at(quota, "spec", "hard"))).flatMap(([name, text]) => {
      const amount = parseQuantity(text);
      return amount ? [[name, amount] as const] : [];
    }),
  );

/** What is used of what a quota limits. */
export function usedOf(store: Store, quota: Obj): Usage {
  const used = new Map([...hardOf(quota).keys()].map((name) => [name, NONE]));
  for (const key of store.keys())
    for (const object of store.list(key, quota.metadata.namespace)) {
      if (!isCharged(quota, key, object)) continue;
      for (const [name, amount] of usageOf(key, object)) {
        const before = used.get(name);
        if (before) used.set(name, addQuantities(before, amount));
      }
    }
  return used;
}

/** Quotas with scopes only charge the pods that all of them fit. */
function isCharged(quota: Obj, key: string, object: Obj): boolean {
  const scopes = [
    ...listOf(at(quota, "spec", "scopes")).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...objectsOf(at(quota, "spec", "scopeSelector", "matchExpressions")),
  ];
  return scopes.every((scope) => key === PODS && fitsScope(scope, fieldsOf(object.spec)));
}

function fitsScope(scope: Fields, spec: Fields): boolean {
  const ends = Number(spec.activeDeadlineSeconds ?? -1) >= 0;
  const isBestEffort = qosClass(spec) === "BestEffort";
  const priority = spec.priorityClassName;
  switch (scope.scopeName) {
    case "Terminating":
      return ends;
    case "NotTerminating":
      return !ends;
    case "BestEffort":
      return isBestEffort;
    case "NotBestEffort":
      return !isBestEffort;
    case "PriorityClass":
      if (scope.operator === "Exists" || scope.operator === "DoesNotExist")
        return Boolean(priority) === (scope.operator === "Exists");
      return listOf(scope.values).includes(priority) === (scope.operator === "In");
    default:
      return false;
  }
}

/** Refuses a new object for which a ResourceQuota of its namespace has no room (403). */
export function checkQuotas(store: Store, resource: Resource, draft: Obj): void {
  const { namespace, name } = draft.metadata;
  if (namespace === undefined) return;
  const key = storageKey(resource);
  const wanted = usageOf(key, draft);
  for (const quota of store.list("/resourcequotas", namespace)) {
    if (!isCharged(quota, key, draft)) continue;
    const hard = hardOf(quota);
    const refuse = (why: string) => forbidden(resource, name, why);
    const unsaid = key === PODS ? whatIsUnsaid(hard, fieldsOf(draft.spec)) : "";
    if (unsaid !== "") throw refuse(`failed quota: ${quota.metadata.name}: must specify ${unsaid}`);
    const asked = [...wanted].filter(([measure, amount]) => hard.has(measure) && amount.nano > 0n);
    if (asked.length === 0) continue;
    const used = usedOf(store, quota);
    const over = asked
      .filter(([measure, amount]) => (used.get(measure)?.nano ?? 0n) + amount.nano > (hard.get(measure)?.nano ?? 0n))
      .map(([measure]) => measure)
      .sort();
    if (over.length === 0) continue;
    const list = (usage: Usage): string =>
      over.map((measure) => `${measure}=${printQuantity(usage.get(measure) ?? NONE)}`).join(",");
    throw refuse(
      `exceeded quota: ${quota.metadata.name}, requested: ${list(wanted)}, used: ${list(used)}, limited: ${list(hard)}`,
    );
  }
}

/** `limits.cpu for: a,b; limits.memory for: b` */
function whatIsUnsaid(hard: Usage, spec: Fields): string {
  const containers = [...objectsOf(spec.containers), ...objectsOf(spec.initContainers)];
  return [...hard.keys()]
    .filter((measure) => TO_BE_SAID.has(measure))
    .sort()
    .flatMap((measure) => {
      const silent = containers.filter((container) => !containerUsage(container).has(measure)).map(({ name }) => name);
      return silent.length > 0 ? [`${measure} for: ${silent.sort().join(",")}`] : [];
    })
    .join("; ");
}
