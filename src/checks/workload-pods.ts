import { type Check, fail, ok } from "../core/check.ts";
import { graceLeft, isAlive, isGoing, podRemedy, podWords } from "../kube/draining.ts";

/** Seconds after the end of its grace period. From then on we do not wait for the pod: only its node can end it. */
const LOST = 60;

/** The pods of Knative Services have ended, in every namespace. They drain while everything else is removed. */
export const workloadsDrained: Check = {
  id: "workloads.drained",
  title: "The pods of the workloads have ended",
  run: async (ctx) => {
    const pods = await ctx.cluster.list({
      apiVersion: "v1",
      kind: "Pod",
      labelSelector: "serving.knative.dev/revision",
    });
    const now = ctx.now();
    const alive = pods.filter(isAlive);
    const draining = alive.filter((pod) => !isGoing(pod) || graceLeft(pod, now) > -LOST);
    if (draining.length > 0) return fail(podWords(draining, now), podRemedy(draining));
    return alive.length > 0
      ? ok(`${podWords(alive, now)}; that is left to its node`)
      : ok("no pod of a workload is left");
  },
};
