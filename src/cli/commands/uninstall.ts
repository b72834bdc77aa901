import { installedConfig } from "../../app/choosing.ts";
import { readLeft, runUninstall } from "../../app/lifecycle.ts";
import { planRemoval } from "../../app/planning.ts";
import { unreadable } from "../../checks/plan/rights.ts";
import { OWNER_LABEL } from "../../kube/inventory.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { messageOf, type Remedy, UserError } from "../../ports/error.ts";
import { groupOf, refOf } from "../../ports/object.ts";
import { told } from "../../ports/outside.ts";
import { joined, sh } from "../../ports/shell.ts";
import { homeNamespace } from "../../steps/state/index.ts";
import type { CommandContext } from "../context.ts";
import { finish } from "../finish.ts";
import { agree, openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { cluster } = session.frozen;
    const config = await installedConfig(ctx, cluster, { careful: false }).catch(async (error: unknown) => {
      throw await unreadable(error, cluster);
    });
    const removal = { purge: ctx.flags.purge, deleteWorkloads: ctx.flags.deleteWorkloads };
    const { install, plan, tools } = await planRemoval(
      config,
      { ...removal, keepRecords: ctx.flags.keepRecords },
      session,
    ).catch((error: unknown) => {
      throw orKeepRecords(error);
    });
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Remove this from context ${context} (${server})?`))) return 0;
    const report = await runUninstall(plan, install, removal, tools);
    const isOfRecords = report.steps.some(({ id, status }) => id === "records" && status === "failed");
    if (report.error) return finish(ctx, { ...report, error: orKeepRecords(report.error, isOfRecords) }, [], tools);
    return ctx.finish(report, removal.purge ? await afterPurge(tools.cluster) : [KEPT]);
  } finally {
    session.close();
  }
};

/** Whoever keeps the records need not be there for everything else to go. */
const orKeepRecords = (thrown: unknown, isOfRecords = false): Error => {
  const error = told(thrown);
  if (!(error instanceof UserError)) return error instanceof Error ? error : new Error(messageOf(error));
  if (!isOfRecords && !/^(dns|rfc2136)\./.test(error.id)) return error;
  const { id, message: what, why, remedy, kind } = error;
  return new UserError({
    id,
    what,
    ...(why === undefined ? {} : { why }),
    remedy: {
      text: `${remedy.text.replace(/:$/, ".")} Or remove everything else, and leave the records where they are (the last command).`,
      command: joined("\n", [...(remedy.command ? [remedy.command] : []), sh`kn-bootstrap uninstall --keep-records`]),
    },
    kind,
    cause: error,
  });
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
