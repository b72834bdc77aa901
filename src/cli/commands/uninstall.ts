import { unreadable } from "../../checks/rights.ts";
import { OWNER_LABEL } from "../../core/inventory.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { messageOf, type Remedy } from "../../ports/error.ts";
import { groupOf, refOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { planUninstall, readLeft, runUninstall } from "../../steps/lifecycle.ts";
import { withoutManifests } from "../../steps/prepare.ts";
import { homeNamespace } from "../../steps/state.ts";
import { installedConfig } from "../choosing.ts";
import type { CommandContext } from "../context.ts";
import { agree, openSession } from "../session.ts";
import { lookAround } from "../surroundings.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { cluster } = session.still;
    const config = await installedConfig(ctx, cluster, { careful: false }).catch(async (error: unknown) => {
      throw await unreadable(error, cluster);
    });
    const { known, tools } = await lookAround(ctx.flags.keepRecords ? { ...config, dns: "none" } : config, session);
    const install = { ...withoutManifests(config), ...known };
    const removal = { purge: ctx.flags.purge, deleteWorkloads: ctx.flags.deleteWorkloads };
    const plan = await planUninstall(install, removal, tools);
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Remove this from context ${context} (${server})?`))) return 0;
    const report = await runUninstall(plan, install, removal, tools);
    if (report.outcome !== "done") return ctx.finish(report, []);
    return ctx.finish(report, removal.purge ? await afterPurge(tools.cluster) : [KEPT]);
  } finally {
    session.close();
  }
};

const KEPT: Remedy = {
  text: "Namespace kn-bootstrap keeps certificates and state for the next install. To remove it too:",
  command: sh`kn-bootstrap uninstall --purge`,
};

/** The truth, read when it is over. */
const afterPurge = (cluster: ClusterRead): Promise<readonly Remedy[]> =>
  whatIsLeft(cluster).catch((error: unknown) => [
    { text: `What was planned is done; whether anything is left could not be read: ${messageOf(error)}.` },
  ]);

const whatIsLeft = async (cluster: ClusterRead): Promise<readonly Remedy[]> => {
  const [left, home] = await Promise.all([readLeft(cluster), cluster.get(refOf(homeNamespace))]);
  if (left.length === 0)
    return [
      {
        text: home
          ? "Nothing of kn-bootstrap is left in this cluster; namespace kn-bootstrap itself is somebody else's."
          : "Nothing of kn-bootstrap is left in this cluster.",
      },
    ];
  const kinds = [...Map.groupBy(left, ({ kind }) => kind)].map(([kind, { length }]) => `${length} ${kind}`);
  const names = [...new Set(left.map(({ apiVersion, kind }) => `${kind.toLowerCase()}.${groupOf(apiVersion)}`))];
  return [
    {
      text: `This of kn-bootstrap is left: ${kinds.join(", ")}.`,
      command: sh`kubectl get ${names.map((name) => name.replace(/\.$/, "")).join(",")} -A -l ${OWNER_LABEL}`,
    },
  ];
};
