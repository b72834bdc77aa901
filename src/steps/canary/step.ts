import type { Step } from "../../changes/step.ts";
import type { Check } from "../../core/check.ts";
import { ownerOf } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { UserError } from "../../ports/error.ts";
import { describe, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { type CanaryWish, canaryNamespace, canaryRef, canaryService, MAKER, UNTIL } from "./objects.ts";

const ID = "canary";
const TITLE = "Ask a temporary Service, hop by hop";
const UNDO = "Remove the Service that doctor has asked";

/** The canary, and what is to be looked at while it is there. What an earlier run has left of one goes first. */
export const canary = (
  wish: CanaryWish,
  isDead: (holder: string) => boolean,
  verify: readonly Check[],
): Step<typeof ID> => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs: [],
  plan: async (ctx) => {
    await assertFree(ctx, wish, isDead);
    return ctx.temporary(wish.namespace === undefined ? await withNamespace(ctx, wish) : [canaryService(wish)]);
  },
  verify,
});

/** Its namespace is ours, unless somebody else has made one of that name. */
const withNamespace = async (ctx: PlanContext, wish: CanaryWish) => {
  const live = await ctx.live.get(refOf(canaryNamespace));
  const isTheirs = live !== undefined && ownerOf(live) !== ID;
  return [...(isTheirs ? [] : [canaryNamespace]), canaryService(wish)];
};

/** Throws UserError (unseen) while another doctor asks the same canary: one that has been killed does not. */
const assertFree = async (
  { live, now }: PlanContext,
  wish: CanaryWish,
  isDead: (holder: string) => boolean,
): Promise<void> => {
  const found = await live.get(canaryRef(wish));
  if (!found) return;
  const { [MAKER]: maker = "", [UNTIL]: until = "" } = found.metadata.annotations ?? {};
  const look = sh`kubectl get ksvc ${found.metadata.name} ${inNamespace(found.metadata.namespace)} -o yaml`;
  if (ownerOf(found) !== ID)
    throw new UserError({
      id: "doctor.canary-foreign",
      what: `${describe(found)} is somebody else's.`,
      remedy: { text: "Name another namespace with --probe-namespace.", command: look },
      kind: "unseen",
    });
  if (maker === wish.maker || isDead(maker) || !(Date.parse(until) > now().getTime())) return;
  throw new UserError({
    id: "doctor.canary-busy",
    what: `Another doctor (${maker}) asks ${describe(found)} until ${until} at most.`,
    remedy: { text: "Run it again when that has ended.", command: look },
    kind: "unseen",
  });
};

/** Part of the goal "absent": before what people run is looked at. */
export const canaryRemoval = <const Need extends string = never>(...needs: readonly Need[]): Step<typeof ID, Need> => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs,
  plan: async () => [],
  verify: [],
});
