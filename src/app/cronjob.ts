import { makePlan } from "../changes/plan.ts";
import type { Plan } from "../core/change.ts";
import type { Report } from "../core/run.ts";
import { directSnapshot } from "../kube/snapshot.ts";
import { CRON_KINDS } from "../steps/in-cluster/objects.ts";
import { renewalRights } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import type { CronWish } from "../steps/renewal/objects.ts";
import { cron, cronRemoval } from "../steps/renewal/step.ts";
import { judgeRights } from "./judging.ts";
import { runAlone } from "./lifecycle.ts";
import type { Tools } from "./tools.ts";

export type { CronWish } from "../steps/renewal/objects.ts";
export { assertRenewsAlone, completeWish } from "./cronjob-credentials.ts";

/** What would be installed. Reads only. */
export const planCron = async (install: Installation, wish: CronWish, tools: Tools): Promise<Plan> => {
  const { cluster, now } = tools;
  const options = { goal: "present", live: directSnapshot(cluster), now, cluster, kinds: CRON_KINDS } as const;
  const plan = await makePlan([cron(renewalRights(install), wish)], options);
  await judgeRights("renew", { plan }, tools);
  return plan;
};

export const runCron = (plan: Plan, install: Installation, wish: CronWish, tools: Tools): Promise<Report> =>
  runAlone(plan, [cron(renewalRights(install), wish)], install, tools, { snapshot: directSnapshot });

/** What would be removed: everything that carries the step's label. Reads only. */
export const planCronRemoval = async (tools: Tools): Promise<Plan> => {
  const { cluster, now } = tools;
  const plan = await makePlan([cronRemoval()], {
    goal: "absent",
    live: directSnapshot(cluster),
    now,
    kinds: CRON_KINDS,
  });
  await judgeRights("renew", { plan }, tools);
  return plan;
};

export const runCronRemoval = (plan: Plan, install: Installation, tools: Tools): Promise<Report> =>
  runAlone(plan, [cronRemoval()], install, tools, { snapshot: directSnapshot });
