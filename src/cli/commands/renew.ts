import { installedConfig } from "../../app/choosing.ts";
import { judgeRenewal, judgeRenewalRights } from "../../app/judging.ts";
import { runningInstallation } from "../../app/prepare.ts";
import { checkRenewal } from "../../app/renew-check.ts";
import { planDue, runRenewal } from "../../app/renewing.ts";
import type { Session } from "../../app/session.ts";
import { openSurroundings } from "../../app/surroundings.ts";
import { strategyOf } from "../../certificates/index.ts";
import { changesOf } from "../../core/change.ts";
import type { CommandContext } from "../context.ts";
import { finish } from "../finish.ts";
import { assertRenewFlags, couldNotCheck, installCronJob, removeCronJob, rollAccountKey } from "../renewing.ts";
import { agree, openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const { flags } = ctx;
  assertRenewFlags(flags);
  const session = await openSession(ctx);
  try {
    if (flags.installCronjob) return await installCronJob(ctx, session);
    if (flags.removeCronjob) return await removeCronJob(ctx, session);
    if (flags.rollAccountKey) return await rollAccountKey(ctx, session);
    return await renew(ctx, session);
  } catch (error) {
    throw flags.check ? couldNotCheck(error) : error;
  } finally {
    session.close();
  }
};

/** Objects are asked for one by one: the CronJob's account may not list what others have. */
const renew = async (ctx: CommandContext, session: Session): Promise<number> => {
  const { cluster } = session.tools;
  const config = await installedConfig(ctx, cluster, { careful: true });
  const { elsewhere } = strategyOf(config.tls);
  if (elsewhere) {
    ctx.emit({ type: "note", level: "info", text: elsewhere.answer });
    return 0;
  }
  const running = await runningInstallation(config, cluster);
  if (ctx.flags.check) await judgeRenewalRights(running, session.tools);
  const { known, tools } = await openSurroundings(config, session);
  const install = { ...running, ...known };
  if (ctx.flags.check) {
    // Readers of JSON have the checks themselves; for people those that are well are no news, but here they were asked for.
    await checkRenewal(install, tools, (text) => {
      if (ctx.config.output === "text") ctx.emit({ type: "note", level: "info", text });
    });
    return 0;
  }
  const { renewal, due, plan } = await planDue(install, tools);
  if (renewal.unasked !== undefined)
    ctx.emit({
      type: "note",
      level: "warning",
      text: `${renewal.unasked} Whether it wants this certificate renewed is not known; its date alone counts.`,
    });
  if (changesOf(plan).length === 0) {
    const when = renewal.at.toISOString().slice(0, 16).replace("T", " ");
    ctx.emit({ type: "note", level: "info", text: `Not due before ${when} UTC: ${renewal.because}.` });
  } else {
    await judgeRenewal(plan, due, tools);
  }
  const { context, server } = cluster.identity;
  if (!(await agree(ctx, plan, `Renew at context ${context} (${server})?`))) return 0;
  const report = await runRenewal(plan, due, tools);
  await ctx.page?.witness(tools);
  return finish(ctx, report, [], tools);
};
