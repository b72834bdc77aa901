import type { ObjectChange } from "../../core/change.ts";
import type { PlanContext } from "../../core/step.ts";
import { type KubeObject, keyOf } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";

/** The ingress's objects without those that say what is served: they come after the certificate, by the step that serves it (rule 14). */
export const withoutServed = ({ ingress, manifests }: Installation): readonly KubeObject[] => {
  const served = new Set(ingress.serve(undefined, manifests).objects.map(keyOf));
  return manifests.ingress.filter((object) => !served.has(keyOf(object)));
};

/** Writes what says what is served; a copy that an earlier choice left goes. */
export const keepServed = async (
  ctx: PlanContext,
  objects: readonly KubeObject[],
): Promise<readonly ObjectChange[]> => [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))];
