/** The admission plugin LimitRanger (plugin/pkg/admission/limitranger): what containers get that say nothing, and what they may ask for. */

import type { Obj } from "../../types.ts";
import type { Fields } from "../json.ts";
import { at, fieldsOf, objectsOf } from "../json.ts";
import type { Resource, Rules } from "../resource.ts";
import { addQuantities, parseQuantity, printQuantity, type Quantity } from "../schema/quantity.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";

/** A default limit is the maximum, a default request the limit or the minimum, where nothing else is said. */
export const limitRangeRules: Rules = {
  defaults: (draft) => {
    for (const limit of objectsOf(at(draft, "spec", "limits"))) {
      if (limit.type !== "Container") continue;
      limit.default = { ...fieldsOf(limit.max), ...fieldsOf(limit.default) };
      limit.defaultRequest = { ...fieldsOf(limit.min), ...fieldsOf(limit.default), ...fieldsOf(limit.defaultRequest) };
    }
  },
};

const rangesOf = (store: Store, pod: Obj): readonly Obj[] => store.list("/limitranges", pod.metadata.namespace ?? "");
const limitsOf = (range: Obj): Fields[] => objectsOf(at(range, "spec", "limits"));

/** Fills in what a new pod's containers do not say. */
export function applyLimitRanges(store: Store, pod: Obj): void {
  const told: string[] = [];
  for (const limit of rangesOf(store, pod).flatMap(limitsOf)) {
    if (limit.type !== "Container") continue;
    for (const [word, kind] of [
      ["container", "containers"],
      ["init container", "initContainers"],
    ] as const)
      for (const container of objectsOf(at(pod, "spec", kind))) {
        const resources = fieldsOf(container.resources);
        const requests = absent(limit.defaultRequest, resources.requests);
        const limits = absent(limit.default, resources.limits);
        container.resources = {
          ...resources,
          limits: { ...limits, ...fieldsOf(resources.limits) },
          requests: { ...requests, ...fieldsOf(resources.requests) },
        };
        for (const [what, given] of [
          ["request", requests],
          ["limit", limits],
        ] as const) {
          const names = Object.keys(given).sort();
          if (names.length > 0) told.push(`${names.join(", ")} ${what} for ${word} ${String(container.name)}`);
        }
      }
  }
  if (told.length === 0) return;
  const annotation = { "kubernetes.io/limit-ranger": `LimitRanger plugin set: ${told.join("; ")}` };
  pod.metadata.annotations = { ...pod.metadata.annotations, ...annotation };
}

const absent = (defaults: unknown, said: unknown): Fields =>
  Object.fromEntries(Object.entries(fieldsOf(defaults)).filter(([name]) => fieldsOf(said)[name] === undefined));

/** Refuses a pod that asks for more or less than a LimitRange of its namespace allows (403). */
export function checkLimitRanges(store: Store, resource: Resource, pod: Obj): void {
  for (const range of rangesOf(store, pod)) {
    const errors = limitsOf(range).flatMap((limit) => errorsOf(limit, fieldsOf(pod.spec)));
    if (errors.length === 0) continue;
    const distinct = [...new Set(errors)];
    const text = distinct.length === 1 ? String(distinct[0]) : `[${distinct.join(", ")}]`;
    throw forbidden(resource, pod.metadata.name, text);
  }
}

type Amounts = ReadonlyMap<string, Quantity>;
interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const amountsOf = (list: unknown): Amounts =>
  new Map(
    Object.entries(fieldsOf(list)).flatMap(([name, text]) => {
      const amount = parseQuantity(text);
      return amount ? [[name, amount] as const] : [];
    }),
  );

const askedBy = (container: Fields): Asked => {
  const { requests, limits } = fieldsOf(container.resources);
  return { requests: amountsOf(requests), limits: amountsOf(limits) };
};

/** Of all containers; what one of them does not say is not summed up. */
const together = (all: readonly Amounts[]): Amounts =>
  new Map(
    [...(all[0]?.keys() ?? [])].flatMap((name) => {
      const amounts = all.flatMap((one) => one.get(name) ?? []);
      return amounts.length === all.length ? [[name, amounts.reduce(addQuantities)] as const] : [];
    }),
  );

function errorsOf(limit: Fields, spec: Fields): readonly string[] {
  const asked = objectsOf(spec.containers).map(askedBy);
  if (limit.type === "Container")
    return [...asked, ...objectsOf(spec.initContainers).map(askedBy)].flatMap((one) => breaches(limit, one));
  if (limit.type !== "Pod") return [];
  return breaches(limit, {
    requests: together(asked.map(({ requests }) => requests)),
    limits: together(asked.map(({ limits }) => limits)),
  });
}

function breaches(limit: Fields, { requests, limits }: Asked): readonly string[] {
  const each = (list: unknown, judge: (name: string, bound: Quantity) => string | undefined): string[] =>
    [...amountsOf(list)].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, bound]) => judge(name, bound) ?? []);
  const type = String(limit.type);
  const is = (what: string, amount: Quantity): string => `but ${what} is ${printQuantity(amount)}`;
  return [
    ...each(limit.min, (name, bound) => {
      const [request, most] = [requests.get(name), limits.get(name)];
      const rule = `minimum ${name} usage per ${type} is ${printQuantity(bound)}`;
      if (!request) return `${rule}.  No request is specified`;
      if (request.nano < bound.nano) return `${rule}, ${is("request", request)}`;
      return most && most.nano < bound.nano ? `${rule}, ${is("limit", most)}` : undefined;
    }),
    ...each(limit.max, (name, bound) => {
      const [request, most] = [requests.get(name), limits.get(name)];
      const rule = `maximum ${name} usage per ${type} is ${printQuantity(bound)}`;
      if (!most) return `${rule}.  No limit is specified`;
      if (most.nano > bound.nano) return `${rule}, ${is("limit", most)}`;
      return request && request.nano > bound.nano ? `${rule}, ${is("request", request)}` : undefined;
    }),
    ...each(limit.maxLimitRequestRatio, (name, bound) => {
      const [request, most] = [requests.get(name), limits.get(name)];
      const rule = `${name} max limit to request ratio per ${type} is ${printQuantity(bound)}`;
      if (!request?.nano) return `${rule}, but no request is specified or request is 0`;
      if (!most?.nano) return `${rule}, but no limit is specified or limit is 0`;
      const ratio = Number(most.nano) / Number(request.nano);
      return ratio * 1e9 > Number(bound.nano) ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
    }),
  ];
}
