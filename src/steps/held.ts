import type { PlanContext } from "../kube/reconcile.ts";
import type { KubeObject } from "../ports/object.ts";

/** Those of the objects on which a manager has set fields: applied as they are here, they take back what is left out. */
export const heldBy = async (
  ctx: PlanContext,
  manager: string,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> => {
  const lives = await Promise.all(objects.map((object) => ctx.live.get({ ...object, ...object.metadata })));
  return objects.filter((_object, index) =>
    lives[index]?.metadata.managedFields?.some((entry) => entry.manager === manager),
  );
};
