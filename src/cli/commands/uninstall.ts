import { planUninstall, runUninstall } from "../../steps/lifecycle.ts";
import type { CommandContext } from "../context.ts";
import { agree, openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { tools } = session;
    const removal = { purge: ctx.flags.purge, deleteWorkloads: ctx.flags.deleteWorkloads };
    const plan = await planUninstall(removal, tools);
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Remove this from context ${context} (${server})?`))) return 0;
    return ctx.finish(await runUninstall(plan, removal, tools), [
      removal.purge
        ? { text: "Nothing of kn-bootstrap is left." }
        : {
            text: "Namespace kn-bootstrap keeps certificates and state for the next install. To remove it too:",
            command: "kn-bootstrap uninstall --purge",
          },
    ]);
  } finally {
    session.close();
  }
};
