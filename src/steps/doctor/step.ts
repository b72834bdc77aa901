import type { Step } from "../../changes/step.ts";
import { deletions } from "../../kube/object-change.ts";
import { STATE } from "../../kube/prior.ts";
import { refOf } from "../../ports/object.ts";
import { jobSucceeded } from "../in-cluster/checked.ts";
import type { Right } from "../rights.ts";
import { home, homeIn } from "./home.ts";
import { accountObjects, CHECK_JOB, checkJob, cronJob, type DoctorWish, RESULT, scheduleFor } from "./objects.ts";

const ID = "doctor";
const TITLE = "Look at Knative by a CronJob";
const UNDO = "Remove the CronJob that looks at Knative";

/** The CronJob is written only after a Job of the same form has looked. */
export const doctorCron = (rights: readonly Right[], wish: DoctorWish): Step<typeof ID> => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs: [],
  plan: async (ctx) => {
    const kubeSystem = await ctx.live.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
    const account = accountObjects(rights);
    const job = cronJob(wish, wish.schedule ?? scheduleFor(kubeSystem?.metadata.uid ?? ""));
    const [space, first, last, stale] = await Promise.all([
      homeIn(ctx),
      ctx.reconcile(account),
      ctx.reconcile([job], { afterVerify: true }),
      ctx.prune([...account, job, checkJob(wish)]),
    ]);
    const changes = [...space, ...first, ...last, ...stale];
    if (changes.length === 0 && !(await ctx.live.get(CHECK_JOB))) return [];
    return [...space, ...first, ...stale, ...(await ctx.temporary([checkJob(wish)])), ...last];
  },
  verify: [
    jobSucceeded({
      id: "doctor.checked",
      title: "Knative is looked at from inside the cluster",
      seen: "Knative is seen from inside the cluster",
      job: CHECK_JOB,
    }),
  ],
});

/**
 * Part of the goal "absent": with what it has published. The namespace goes with it where there is no installation of ours, for which it
 * would be kept.
 */
export const doctorRemoval = <const Need extends string = never>(
  alone: boolean,
  ...needs: readonly Need[]
): Step<typeof ID, Need> => ({
  id: ID,
  title: TITLE,
  undo: UNDO,
  needs,
  plan: async () => [],
  absent: async (ctx, owned) => {
    const [result, state, namespace] = await Promise.all([
      ctx.live.get(RESULT),
      ctx.live.get(STATE),
      ctx.live.get(refOf(home)),
    ]);
    const isOurs = owned.length > 0 || result !== undefined;
    const isLeft = alone && isOurs && !state && namespace?.metadata.labels?.["kn-bootstrap/step"] === "state";
    return deletions([...owned, ...(result ? [result] : []), ...(isLeft && namespace ? [namespace] : [])]);
  },
  verify: [],
});
