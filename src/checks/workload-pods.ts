import { type Check, fail, ok } from "../core/check.ts";
import { graceLeft, isAlive, isGoing, podRemedy, podWords } from "../core/draining.ts";

/** Seconds after its grace from which a pod is its node's affair: nothing of ours waits for it. */
const LOST = 60;

/** What ran for Knative Services, in whoever's namespace, has ended: it drains while everything else goes. */
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
