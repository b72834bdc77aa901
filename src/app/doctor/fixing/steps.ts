import type { Change, PatchChange } from "../../../changes/index.ts";
import { patchOf } from "../../../changes/patch.ts";
import type { Step } from "../../../changes/step.ts";
import type { Finding } from "../../../core/check.ts";
import { managerFor } from "../../../kube/inventory.ts";
import { deletion } from "../../../kube/object-change.ts";
import { creation, type PlanContext } from "../../../kube/reconcile.ts";
import type { Fix } from "../../../ports/fix.ts";
import type { Judged } from "../diagnosis.ts";
import { made } from "./memory.ts";

const MANAGER = managerFor("doctor");

/**
 * A step for each finding that has fixes, one after the other: two may be about one object. Just before it runs, the check looks again, and what it finds
 * then is done; what holds by then needs nothing. @param look at one check, in the cluster as it is
 */
export const stepsFor = (found: readonly Judged[], look: (one: Judged) => Promise<Finding>): readonly Step[] =>
  found.map((one, index) => {
    const earlier = found[index - 1];
    return {
      id: one.check.id,
      title: `Mend ${one.check.id}`,
      undo: `Leave ${one.check.id}`,
      needs: earlier ? [earlier.check.id] : [],
      verify: [],
      plan: async (ctx) => {
        const finding = ctx.mode === "final" ? await look(one) : one.finding;
        const fixes = "remedy" in finding ? (finding.remedy.fixes ?? []) : [];
        return (await Promise.all(fixes.map((fix) => changeOf(fix, ctx)))).flat();
      },
    };
  });

/** None: it is done already. */
const changeOf = async (fix: Fix, ctx: PlanContext): Promise<readonly Change[]> => {
  const live = await ctx.live.get(fix.object);
  const change = ((): Change | PatchChange | undefined => {
    switch (fix.action) {
      case "create":
        // It is what a person would have made, and stays theirs: it gets no label of ours.
        return live ? undefined : creation(made(fix), { manager: MANAGER });
      case "delete":
        return live && deletion(live);
      case "patch":
        return live && patchOf(live, fix.patch, MANAGER);
    }
  })();
  if (!change) return [];
  ctx.note(fix.safe);
  if (fix.rest) ctx.note(fix.rest);
  return [change];
};
