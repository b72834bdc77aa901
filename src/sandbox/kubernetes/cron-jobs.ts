import { keyOf, keysOfKind, keysOfOwner, ownerReference, refAt, refOf, type Stage, timestamp } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { finishedAs } from "./jobs.ts";

/** CronJobs of one world, whose times come when they are told to. */
export interface CronJobs {
  readonly reconciler: Reconciler;
  /** See the world's `runCronJob`. */
  readonly run: (namespace: string, name: string) => Promise<string>;
}

const CONTROLLER = "kube-controller-manager";

/** Makes Jobs from CronJobs and keeps their status and their history. */
export const createCronJobs = (stage: Stage): CronJobs => {
  const { api } = stage;
  let runs = 0;

  const jobsOf = (cronJob: Obj): readonly Obj[] =>
    api
      .list("batch/v1", "Job", cronJob.metadata.namespace)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === cronJob.metadata.uid));

  const newest = (jobs: readonly Obj[]): Obj[] =>
    [...jobs].sort((a, b) => (String(a.status?.startTime) < String(b.status?.startTime) ? 1 : -1));

  const refresh = async (cronJob: Obj): Promise<void> => {
    const jobs = newest(jobsOf(cronJob));
    const active = jobs.filter((job) => !finishedAs(job));
    const done = jobs.filter((job) => finishedAs(job) === "Complete");
    const failed = jobs.filter((job) => finishedAs(job) === "Failed");
    await api.update(
      CONTROLLER,
      refOf(cronJob),
      (draft) => {
        const { active: _active, ...status } = draft.status ?? {};
        const last = done[0]?.status.completionTime;
        draft.status = {
          ...status,
          ...(last ? { lastSuccessfulTime: last } : {}),
          ...(active.length > 0
            ? { active: active.map((job) => ({ ...refOf(job), uid: job.metadata.uid ?? "" })) }
            : {}),
        };
      },
      { subresource: "status" },
    );
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
    for (const job of [...done.slice(successfulJobsHistoryLimit), ...failed.slice(failedJobsHistoryLimit)])
      await api.remove(refOf(job), { propagationPolicy: "Background" });
  };

  return {
    reconciler: {
      name: "cronjob",
      keys: (event) => [
        ...keysOfKind(event, "batch/v1", "CronJob"),
        ...(event.object.kind === "Job" ? keysOfOwner(event, "CronJob") : []),
      ],
      reconcile: async (key) => {
        const cronJob = api.get(refAt("batch/v1", "CronJob", key));
        if (cronJob && !cronJob.metadata.deletionTimestamp) await refresh(cronJob);
        return undefined;
      },
    },
    run: async (namespace, name) => {
      const cronJob = api.get({ apiVersion: "batch/v1", kind: "CronJob", namespace, name });
      if (!cronJob) throw new RangeError(`no CronJob ${namespace}/${name}`);
      if (cronJob.spec.suspend) throw new RangeError(`CronJob ${keyOf(cronJob)} is suspended`);
      const active = jobsOf(cronJob).some((job) => !finishedAs(job));
      if (active && cronJob.spec.concurrencyPolicy === "Forbid")
        throw new RangeError(`the last Job of CronJob ${keyOf(cronJob)} is active`);
      // Minutes since the epoch upstream; here times may come as quickly as one likes.
      const job = `${name}-${Math.floor(Date.now() / 60_000) + runs}`;
      runs += 1;
      const { metadata, spec } = cronJob.spec.jobTemplate;
      await api.create(CONTROLLER, {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: {
          name: job,
          namespace,
          ...(metadata?.labels ? { labels: metadata.labels } : {}),
          annotations: { ...metadata?.annotations, "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp() },
          ownerReferences: [ownerReference(cronJob)],
        },
        spec,
      });
      await api.update(
        CONTROLLER,
        refOf(cronJob),
        (draft) => {
          draft.status = { ...draft.status, lastScheduleTime: timestamp() };
        },
        { subresource: "status" },
      );
      return job;
    },
  };
};
