import { planFor } from "../../app/planning.ts";
import { changesOf } from "../../core/change.ts";
import type { CommandContext } from "../context.ts";
import { openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { plan, refusal } = await planFor(ctx, session, "plan");
    ctx.emit({ type: "plan", plan });
    if (refusal) throw refusal;
    return ctx.flags.exitCode && changesOf(plan).length > 0 ? 3 : 0;
  } finally {
    session.close();
  }
};
