import type { HealthContext } from "../../checks/health-check.ts";
import type { ObjectRef } from "../../ports/object.ts";

/** The same context, and the Secrets that have been asked for through it by now, answered or refused. */
export const notingSecrets = <T extends HealthContext>(
  ctx: T,
): { readonly noted: T; readonly secrets: () => readonly ObjectRef[] } => {
  const secrets: ObjectRef[] = [];
  const cluster = {
    ...ctx.cluster,
    get: (ref: ObjectRef) => {
      if (ref.kind === "Secret") secrets.push(ref);
      return ctx.cluster.get(ref);
    },
  };
  return { noted: { ...ctx, cluster }, secrets: () => secrets };
};
