import { type Check, type Finding, fail, ok, type ReadContext } from "../core/check.ts";
import { describe, type KubeObject, type ObjectRef, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { deletionBlocker } from "./holders.ts";

/** Whether removed objects are gone; if not, it says what keeps them. `uid` absent: any object of that name counts. */
export const goneCheck = (removed: readonly { readonly object: KubeObject; readonly uid?: string }[]): Check => ({
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
    return stillThere(ctx, first, "", holding.length > 1 ? ` (and ${holding.length - 1} more)` : "");
  },
});

/** Before an object is created: whether an earlier one of its name is gone. `uid` absent: any object that is terminating counts. */
export const earlierGone = (ref: ObjectRef, uid?: string): Check => ({
  id: "objects.earlier",
  title: "The earlier object is gone",
  run: async (ctx) => {
    const live = await ctx.cluster.get(ref);
    const isGone = !live?.metadata.deletionTimestamp || (uid !== undefined && live.metadata.uid !== uid);
    return isGone ? ok("gone") : stillThere(ctx, live, "an earlier ");
  },
});

const stillThere = async (ctx: ReadContext, object: KubeObject, which: string, more = ""): Promise<Finding> => {
  const { name, namespace } = object.metadata;
  return fail(`${which}${describe(object)} is still terminating${more}${await deletionBlocker(ctx, object)}`, {
    text: "See what its controller says; what is removed stays removed.",
    command: sh`kubectl get ${object.kind.toLowerCase()} ${name} ${inNamespace(namespace)} -o yaml`,
  });
};
