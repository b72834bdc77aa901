import { unreadable } from "../../checks/rights.ts";
import { installedConfig } from "../../steps/chosen.ts";
import { planUninstall, runUninstall } from "../../steps/lifecycle.ts";
import { withoutManifests } from "../../steps/prepare.ts";
import type { CommandContext } from "../context.ts";
import { agree, openSession } from "../session.ts";
import { lookAround } from "../surroundings.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { cluster } = session.still;
    const config = await installedConfig(cluster, ctx.config).catch((error: unknown) => {
      throw unreadable(error, cluster);
    });
    const { known, tools } = await lookAround(ctx.flags.keepRecords ? { ...config, dns: "none" } : config, session);
    const install = { ...withoutManifests(config), ...known };
    const removal = { purge: ctx.flags.purge, deleteWorkloads: ctx.flags.deleteWorkloads };
    const plan = await planUninstall(install, removal, tools);
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Remove this from context ${context} (${server})?`))) return 0;
    return ctx.finish(await runUninstall(plan, install, removal, tools), [
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
