import {
  type Condition,
  conditionOf,
  isPodActive,
  isPodTerminating,
  keysOfKind,
  keysOfOwner,
  mergeConditions,
  refAt,
  refOf,
  type Stage,
  timestamp,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { recordEvent } from "./events.ts";
import { createPod, podsOf } from "./templates.ts";

const FIRST_BACKOFF_SECONDS = 10;
const LAST_BACKOFF_SECONDS = 360;

/** How a Job ended; undefined: it has not. */
export const finishedAs = (job: Obj): "Complete" | "Failed" | undefined =>
  (["Complete", "Failed"] as const).find((type) => conditionOf(job, type)?.status === "True");

const phaseOf = (pod: Obj): unknown => pod.status?.phase;

/** Runs pods to completion; one that failed is replaced until the back-off limit; a finished Job goes after its TTL, when it has one. */
export const jobs = (stage: Stage): Reconciler => {
  const { api, second } = stage;

  const wanted = (job: Obj): number => job.spec.completions ?? job.spec.parallelism ?? 1;
  const failedOf = (pods: readonly Obj[]): readonly Obj[] => pods.filter((pod) => phaseOf(pod) === "Failed");

  /** In real time, as programs run in that. */
  const isOverdue = (job: Obj): boolean => {
    const { activeDeadlineSeconds: limit } = job.spec;
    const started = Date.parse(job.status?.startTime ?? "");
    return limit !== undefined && Date.now() > started + limit * 1000;
  };

  /** What the Job has come to, in the words of its conditions. */
  const verdict = (job: Obj, pods: readonly Obj[]): readonly Condition[] => {
    const status = "True" as const;
    if (pods.filter((pod) => phaseOf(pod) === "Succeeded").length >= wanted(job)) {
      const why = { status, reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
      return [
        { type: "SuccessCriteriaMet", ...why },
        { type: "Complete", ...why },
      ];
    }
    const why = isOverdue(job)
      ? { status, reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" }
      : failedOf(pods).length > (job.spec.backoffLimit ?? 6)
        ? { status, reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" }
        : undefined;
    return why
      ? [
          { type: "FailureTarget", ...why },
          { type: "Failed", ...why },
        ]
      : [];
  };

  const write = async (job: Obj): Promise<void> => {
    const pods = podsOf(stage, job);
    const succeeded = pods.filter((pod) => phaseOf(pod) === "Succeeded").length;
    const failed = failedOf(pods).length;
    const conditions = verdict(job, pods);
    const ended = conditions.at(-1)?.type;
    const active = ended === "Failed" ? 0 : pods.filter(isPodActive).length;
    const ready = pods.filter((pod) => phaseOf(pod) === "Running").length;
    await api.update(
      "kube-controller-manager",
      refOf(job),
      (draft) => {
        draft.status = {
          startTime: draft.status?.startTime ?? timestamp(),
          ...(active > 0 ? { active } : {}),
          ready: ended ? 0 : ready,
          terminating: pods.filter(isPodTerminating).length,
          ...(succeeded > 0 ? { succeeded } : {}),
          ...(failed > 0 ? { failed } : {}),
          uncountedTerminatedPods: {},
          ...(ended === "Complete" ? { completionTime: timestamp() } : {}),
          ...(ended ? { conditions: mergeConditions(draft.status?.conditions, [...conditions]) } : {}),
        };
      },
      { subresource: "status" },
    );
    if (ended !== "Failed") return;
    for (const pod of pods.filter((pod) => !["Succeeded", "Failed"].includes(String(phaseOf(pod)))))
      await api.remove(refOf(pod));
  };

  /** Milliseconds until a failed pod is replaced. */
  const pauseAfter = (failed: readonly Obj[]): number => {
    if (failed.length === 0) return 0;
    const seconds = Math.min(FIRST_BACKOFF_SECONDS * 2 ** (failed.length - 1), LAST_BACKOFF_SECONDS);
    const last = Math.max(
      ...failed.map((pod) => Date.parse(pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? "")),
    );
    return last + seconds * second - Date.now();
  };

  /** What is left of the time to live, in milliseconds. */
  const remaining = (job: Obj): number | undefined => {
    const ttl = job.spec.ttlSecondsAfterFinished;
    const ended = job.status.completionTime ?? conditionOf(job, "Failed")?.lastTransitionTime;
    return ttl === undefined ? undefined : Date.parse(String(ended)) + ttl * second - Date.now();
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
      if (finishedAs(job)) {
        const left = remaining(job);
        if (left === undefined || left > 0) return left;
        await api.remove(refOf(job), { propagationPolicy: "Background" });
        return undefined;
      }
      const pods = podsOf(stage, job);
      const failed = failedOf(pods);
      const pause = pauseAfter(failed);
      const kept = pods.filter((pod) => isPodActive(pod) || phaseOf(pod) === "Succeeded");
      const missing = verdict(job, pods).length > 0 ? 0 : wanted(job) - kept.length;
      for (let count = 0; count < missing && pause <= 0; count++) {
        const refusal = await createPod(
          stage,
          job,
          { prefix: `${job.metadata.name}-` },
          {
            labels: { "batch.kubernetes.io/job-name": job.metadata.name, "job-name": job.metadata.name },
          },
        );
        // The account may still come; real Jobs retry a refused pod with back-off.
        if (refusal !== undefined) {
          await recordEvent(api, "job-controller", job, "Warning", "FailedCreate", `Error creating: ${refusal}`);
          return 10 * second;
        }
      }
      await write(job);
      if (pause > 0) return pause;
      const { activeDeadlineSeconds: limit } = job.spec;
      return limit === undefined ? undefined : limit * 1000 + 1000;
    },
  };
};
