import { inspect, isShortLived } from "../../certificates/secret.ts";
import { WILDCARD } from "../../certificates/served.ts";
import type { Step } from "../../changes/step.ts";
import { deletions } from "../../kube/object-change.ts";
import { jobSucceeded } from "../in-cluster/checked.ts";
import type { Right } from "../rights.ts";
import { accountObjects, CHECK_JOB, type CronWish, checkJob, cronJob, scheduleFor } from "./objects.ts";

const ID = "cron";
const TITLE = "Renew by a CronJob";
const UNDO = "Remove the CronJob that renews";

export const renewalWorks = jobSucceeded({
  id: "cron.checked",
  title: "A renewal would work from inside the cluster",
  seen: "a renewal would work from inside the cluster",
  job: CHECK_JOB,
});

/** The CronJob is written only after a Job of the same form has seen that it would work (rule 26). */
export const cron = (rights: readonly Right[], wish: CronWish): Step => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs: [],
  plan: async (ctx) => {
    const [kubeSystem, secret] = await Promise.all([
      ctx.live.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" }),
      ctx.live.get(WILDCARD),
    ]);
    const certificate = inspect(secret);
    const account = accountObjects(rights, wish);
    const job = cronJob(
      wish,
      scheduleFor(kubeSystem?.metadata.uid ?? "", certificate !== undefined && isShortLived(certificate)),
    );
    const [first, last, stale] = await Promise.all([
      ctx.reconcile(account),
      ctx.reconcile([job], { afterVerify: true }),
      ctx.prune([...account, job, checkJob(wish)]),
    ]);
    const changes = [...first, ...last, ...stale];
    const left = await ctx.live.get(CHECK_JOB);
    if (changes.length === 0 && !left) return [];
    return [...first, ...stale, ...(await ctx.temporary([checkJob(wish)])), ...last];
  },
  verify: [renewalWorks],
});

/** Part of the goal "absent": it goes before what it renews for, so that none of it runs meanwhile. */
export const cronRemoval = <const Need extends string = never>(...needs: readonly Need[]): Step<typeof ID, Need> => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs,
  plan: async () => [],
  absent: async (_ctx, owned) => deletions(owned),
  verify: [],
});
