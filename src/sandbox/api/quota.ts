/** The admission plugin ResourceQuota, as far as it counts objects; compute resources are not measured. */

import type { Obj } from "../types.ts";
import { at, fieldsOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { storageKey } from "./resource.ts";
import { quantityOf, UNIT } from "./schema/quantity.ts";
import { forbidden, groupResource } from "./status.ts";
import type { Store } from "./store.ts";

/** What an object counts for besides `count/<resource>`, and whether this one does. */
const COUNTED: Readonly<Record<string, Readonly<Record<string, (object: Obj) => boolean>>>> = {
  "/pods": { pods: () => true },
  "/services": {
    services: () => true,
    "services.loadbalancers": (service) => at(service, "spec", "type") === "LoadBalancer",
  },
};

/** Refuses a new object for which a ResourceQuota of its namespace has no room (403). */
export function checkQuotas(store: Store, resource: Resource, draft: Obj): void {
  const { namespace, name } = draft.metadata;
  if (namespace === undefined) return;
  const key = storageKey(resource);
  const measures = { ...COUNTED[key], [`count/${groupResource(resource)}`]: () => true };
  for (const quota of store.list("/resourcequotas", namespace)) {
    const hard = fieldsOf(at(quota, "spec", "hard"));
    for (const [measure, counts] of Object.entries(measures)) {
      if (hard[measure] === undefined || !counts(draft)) continue;
      const used = store.list(key, namespace).filter(counts).length;
      if (BigInt(used) * UNIT < (quantityOf(hard[measure]) ?? 0n)) continue;
      const amounts = `requested: ${measure}=1, used: ${measure}=${used}, limited: ${measure}=${String(hard[measure])}`;
      throw forbidden(resource, name, `exceeded quota: ${quota.metadata.name}, ${amounts}`);
    }
  }
}
