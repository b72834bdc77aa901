import { planKeyRoll, runKeyRoll } from "../app/account-key.ts";
import { installedConfig } from "../app/choosing.ts";
import { assertRenewsAlone, completeWish, planCron, planCronRemoval, runCron, runCronRemoval } from "../app/cronjob.ts";
import { runningInstallation, withoutManifests } from "../app/prepare.ts";
import { judgeCertificate } from "../app/renewing.ts";
import type { Session } from "../app/session.ts";
import type { CommandFlags } from "../config/options.ts";
import { role } from "../dns/route53/role.ts";
import { isUnsettled, UserError } from "../ports/error.ts";
import { told } from "../ports/outside.ts";
import { sh } from "../ports/shell.ts";
import { keptAuthorityRoot } from "../steps/state/index.ts";
import type { CommandContext } from "./context.ts";
import { agree } from "./session.ts";

const OF_THE_CRON_JOB = { image: "--image", roleArn: "--role-arn", credentialsSecret: "--credentials-secret" } as const;

/** Throws (exit code 2) for flags of `renew` that do not go together. */
export const assertRenewFlags = (flags: CommandFlags): void => {
  const ways = [
    ...(flags.installCronjob ? ["--install-cronjob"] : []),
    ...(flags.removeCronjob ? ["--remove-cronjob"] : []),
    ...(flags.rollAccountKey ? ["--roll-account-key"] : []),
    ...(flags.check ? ["--check"] : []),
  ];
  const [first, second] = ways;
  const odd = Object.entries(OF_THE_CRON_JOB).flatMap(([key, flag]) =>
    flags[key as keyof typeof OF_THE_CRON_JOB] === undefined ? [] : [flag],
  );
  const bad = (what: string, why: string, remedy: string) =>
    new UserError({ id: "renew.flags", what, why, remedy, kind: "input" });
  if (first && second)
    throw bad(`${first} does not go with ${second}.`, "Each is a run of its own.", "Give one of them.");
  if (odd.length > 0 && !flags.installCronjob)
    throw bad(
      `${odd.join(" and ")} does nothing without --install-cronjob.`,
      "It says how the CronJob is to be.",
      "Add --install-cronjob, or leave it out.",
    );
};

/** Plan, show, ask, check by a Job, and only then the CronJob. */
export const installCronJob = async (ctx: CommandContext, session: Session): Promise<number> => {
  const { tools } = session;
  const { cluster } = tools;
  const config = await installedConfig(ctx, cluster, { careful: true });
  assertRenewsAlone(config);
  const install = await runningInstallation(config, cluster);
  await judgeCertificate(tools);
  const { image, roleArn, credentialsSecret } = ctx.flags;
  const { dnsResolver } = ctx.config;
  const wish = await completeWish(
    {
      ...(image ? { image } : {}),
      ...(roleArn ? { identity: { ...role, name: roleArn } } : {}),
      ...(credentialsSecret ? { credentialsSecret } : {}),
      ...(dnsResolver ? { dnsResolver } : {}),
    },
    install,
    cluster,
  );
  const plan = await planCron(install, wish, tools);
  const { context, server } = cluster.identity;
  if (!(await agree(ctx, plan, `Let a CronJob renew at context ${context} (${server})?`))) return 0;
  return ctx.finish(await runCron(plan, install, wish, tools), [
    { text: "See when it runs next, and when it last did:", command: sh`kn-bootstrap status` },
    { text: "Run it now:", command: sh`kubectl create job renew-now -n kn-bootstrap --from=cronjob/renew` },
    { text: "Take it away again:", command: sh`kn-bootstrap renew --remove-cronjob` },
  ]);
};

export const rollAccountKey = async (ctx: CommandContext, session: Session): Promise<number> => {
  const { tools } = session;
  const { cluster } = tools;
  const config = await installedConfig(ctx, cluster, { careful: true });
  const acmeCa = await keptAuthorityRoot(cluster, config);
  const install = { ...withoutManifests(config), ...(acmeCa ? { acmeCa } : {}) };
  const plan = await planKeyRoll(install, tools);
  const { context, server } = cluster.identity;
  if (!(await agree(ctx, plan, `Give the account of context ${context} (${server}) a new key?`))) return 0;
  return ctx.finish(await runKeyRoll(plan, install, tools), []);
};

export const removeCronJob = async (ctx: CommandContext, session: Session): Promise<number> => {
  const { tools } = session;
  const plan = await planCronRemoval(tools);
  const { context, server } = tools.cluster.identity;
  if (!(await agree(ctx, plan, `Remove the CronJob from context ${context} (${server})?`))) return 0;
  return ctx.finish(await runCronRemoval(plan, withoutManifests(ctx.config), tools), [
    { text: "Nobody renews now. Do it yourself in time, see status:", command: sh`kn-bootstrap renew` },
  ]);
};

/** `renew --check` has one answer for everything that stands in the way: exit code 3. */
export const couldNotCheck = (thrown: unknown): unknown => {
  const error = told(thrown);
  if (!(error instanceof UserError) || isUnsettled(error)) return error;
  const { id, message: what, why, remedy } = error;
  return new UserError({ id, what, ...(why ? { why } : {}), remedy, kind: "unseen", cause: error });
};
