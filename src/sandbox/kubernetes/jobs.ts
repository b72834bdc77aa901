import { keysOfKind, keysOfOwner, mergeConditions, refAt, refOf, type Stage, timestamp } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { createPod, podsOf } from "./templates.ts";

/** Jobs run their pods to completion; a finished Job goes after its TTL, when it has one. */
export const jobs = (stage: Stage): Reconciler => {
  const { api, second } = stage;

  const isFinished = (job: Obj): boolean =>
    job.status?.conditions?.some(({ type, status }: Obj) => type === "Complete" && status === "True") ?? false;

  const write = async (job: Obj): Promise<void> => {
    const pods = podsOf(stage, job);
    const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded").length;
    const active = pods.length - succeeded;
    const ready = pods.filter((pod) => pod.status?.phase === "Running").length;
    const complete = succeeded >= (job.spec.completions ?? job.spec.parallelism ?? 1);
    const verdict = { status: "True" as const, reason: "CompletionsReached" };
    const message = "Reached expected number of succeeded pods";
    await api.update(
      "kube-controller-manager",
      refOf(job),
      (draft) => {
        draft.status = {
          startTime: draft.status?.startTime ?? timestamp(),
          ...(active > 0 ? { active } : {}),
          ready,
          terminating: 0,
          ...(succeeded > 0 ? { succeeded } : {}),
          uncountedTerminatedPods: {},
          ...(complete
            ? {
                completionTime: timestamp(),
                conditions: mergeConditions(draft.status?.conditions, [
                  { type: "SuccessCriteriaMet", ...verdict, message },
                  { type: "Complete", ...verdict, message },
                ]),
              }
            : {}),
        };
      },
      { subresource: "status" },
    );
  };

  return {
    name: "job",
    keys: (event) => [
      ...keysOfKind(event, "batch/v1", "Job"),
      ...(event.object.kind === "Pod" ? keysOfOwner(event, "Job") : []),
    ],
    reconcile: async (key) => {
      const job = api.get(refAt("batch/v1", "Job", key));
      if (!job || job.metadata.deletionTimestamp || job.spec.suspend) return undefined;
      if (isFinished(job)) {
        const ttl = job.spec.ttlSecondsAfterFinished;
        if (ttl === undefined) return undefined;
        const left = Date.parse(job.status.completionTime) + ttl * second - Date.now();
        if (left > 0) return left;
        await api.remove(refOf(job), { propagationPolicy: "Background" });
        return undefined;
      }
      const missing = (job.spec.completions ?? job.spec.parallelism ?? 1) - podsOf(stage, job).length;
      for (let count = 0; count < missing; count++) {
        const refusal = await createPod(
          stage,
          job,
          { prefix: `${job.metadata.name}-` },
          {
            labels: { "batch.kubernetes.io/job-name": job.metadata.name, "job-name": job.metadata.name },
          },
        );
        // The account may still come; real Jobs retry a refused pod with back-off.
        if (refusal !== undefined) return 10 * second;
      }
      await write(job);
      return undefined;
    },
  };
};
