import { planDoctorCron, planDoctorRemoval, runDoctorCron, runDoctorRemoval } from "../../app/doctor/cronjob.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import { sh } from "../../ports/shell.ts";
import type { CommandContext } from "../context.ts";
import { agree, openSession } from "../session.ts";

/** Plan, show, ask, look by a Job, and only then the CronJob. */
export const installCronJob = async (ctx: CommandContext, checks: readonly HealthCheck[]): Promise<number> => {
  const { image, schedule } = ctx.flags;
  const { dnsResolver } = ctx.config;
  const session = await openSession(ctx);
  try {
    const { tools } = session;
    const wish = {
      ...(image ? { image } : {}),
      ...(schedule ? { schedule } : {}),
      ...(dnsResolver ? { dnsResolver } : {}),
    };
    const planned = await planDoctorCron(wish, checks, tools);
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, planned.plan, `Let a CronJob look at context ${context} (${server})?`))) return 0;
    return ctx.finish(await runDoctorCron(planned, tools), [
      { text: "Run it now:", command: sh`kubectl create job doctor-now -n kn-bootstrap --from=cronjob/doctor` },
      {
        text: "See what it has found:",
        command: sh`kubectl get configmap doctor -n kn-bootstrap -o ${"jsonpath={.data.summary}"}`,
      },
      { text: "Take it away again:", command: sh`kn-bootstrap doctor --remove-cronjob` },
    ]);
  } finally {
    session.close();
  }
};

export const removeCronJob = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    const { tools } = session;
    const plan = await planDoctorRemoval(tools);
    const { context, server } = tools.cluster.identity;
    if (!(await agree(ctx, plan, `Remove the CronJob that looks at context ${context} (${server})?`))) return 0;
    return ctx.finish(await runDoctorRemoval(plan, tools), []);
  } finally {
    session.close();
  }
};
