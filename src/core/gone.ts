import { describe, refOf } from "../ports/object.ts";
import type { ObjectChange } from "./change.ts";
import { type Check, fail, ok } from "./check.ts";

/** Removed objects are gone, and if not, what holds them. */
export const goneCheck = (removed: readonly ObjectChange[]): Check => ({
  id: "objects.gone",
  title: "Removed objects are gone",
  run: async (ctx) => {
    const left = await Promise.all(
      removed.map(async ({ object, uid }) => {
        const live = await ctx.cluster.get(refOf(object));
        return live && (uid === undefined || live.metadata.uid === uid) ? live : undefined;
      }),
    );
    const holding = left.filter((object) => object !== undefined);
    const [first] = holding;
    if (!first) return ok(`${removed.length} removed`);
    const because = first.metadata.finalizers?.length
      ? ` held by finalizer ${first.metadata.finalizers.join(", ")}`
      : namespaceReason(first.status);
    return fail(
      `${describe(first)} is still terminating${because}${holding.length > 1 ? ` (and ${holding.length - 1} more)` : ""}`,
      {
        text: "See what its controller says; what is removed stays removed.",
        command: `kubectl get ${first.kind.toLowerCase()} ${first.metadata.name}${first.metadata.namespace ? ` -n ${first.metadata.namespace}` : ""} -o yaml`,
      },
    );
  },
});

/** A namespace says itself what it waits for. */
const namespaceReason = (status: unknown): string => {
  const conditions = (
    (status as { conditions?: { status: string; message: string; type: string }[] } | undefined)?.conditions ?? []
  ).filter((condition) => condition.status === "True" && /Remaining|Failure/.test(condition.type));
  return conditions.length > 0 ? `: ${conditions.map((condition) => condition.message).join("; ")}` : "";
};
