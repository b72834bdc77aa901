import type { ObjectChange } from "../../changes/index.ts";
import { ELASTIC_CREDENTIALS, ELASTICSEARCH, LOGGING, STORED } from "../../checks/logging/names.ts";
import { deletions } from "../../kube/object-change.ts";
import type { Product } from "../../kube/product.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { type KubeObject, keyOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { SPACE } from "./left.ts";

const CLAIM = { apiVersion: "v1", kind: "PersistentVolumeClaim" };

export const claims: Product = { ...CLAIM, namespace: LOGGING, name: STORED, maker: ELASTICSEARCH };

/**
 * Takes away what collects and keeps logs. Stored logs stay, and with them what they need: their namespace and the passwords; only a purge
 * takes those.
 */
export const removal = async (
  ctx: PlanContext,
  owned: readonly KubeObject[],
  purge: boolean,
): Promise<readonly ObjectChange[]> => {
  if (!(await ctx.live.get(SPACE))) return deletions(owned);
  const found = (await ctx.live.list(CLAIM.apiVersion, CLAIM.kind, LOGGING)).filter(({ metadata }) =>
    STORED.test(metadata.name),
  );
  if (found.length === 0 || purge) return deletions([...owned, ...found]);
  const stays = new Set([keyOf(SPACE), keyOf(ELASTIC_CREDENTIALS)]);
  const names = found.map(({ metadata }) => metadata.name);
  const going = owned.filter((object) => !stays.has(keyOf(object)));
  if (going.length === 0) return [];
  ctx.note(
    `The stored logs stay: ${found.length === 1 ? "claim" : "claims"} ${names.join(", ")} in namespace ${LOGGING}, with the passwords. --purge takes them, or ${sh`kubectl delete namespace ${LOGGING}`}.`,
  );
  return deletions(going);
};
