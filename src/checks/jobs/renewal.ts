import { knownStrategy } from "../../certificates/index.ts";
import { fail, ok, skipped, timeOfReading, warn } from "../../core/check.ts";
import { HOME } from "../../kube/home.ts";
import { at, conditionOf, describe, type KubeObject, type ObjectRef, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { podsProblem } from "../pods.ts";
import { complaintIn, lastWords, newestOf } from "./log.ts";

/** As the renewal's own step makes it. */
const CRON_JOB: ObjectRef = { apiVersion: "batch/v1", kind: "CronJob", namespace: HOME, name: "renew" };
const HOUR = 3_600_000;
/** A run that is missed is made up for within half a day. */
const MISSED_RUNS = 3;

/** Milliseconds between two runs of the schedules that we write. */
const periodOf = (schedule: string): number => (schedule.includes("*/2") ? 2 * HOUR : 24 * HOUR);

const secretsOf = (cronJob: KubeObject): readonly string[] => {
  const containers = at(cronJob, "spec", "jobTemplate", "spec", "template", "spec", "containers");
  const sources = (Array.isArray(containers) ? containers : []).flatMap((one) => at(one, "envFrom") ?? []);
  return sources.flatMap((one) => {
    const name = textAt(one, "secretRef", "name");
    return name !== "" && at(one, "secretRef", "optional") !== true ? [name] : [];
  });
};

const ended = (job: KubeObject, how: "Complete" | "Failed"): boolean => conditionOf(job, how)?.status === "True";

const RUN_NOW = sh`kubectl create job renew-now -n kn-bootstrap --from=cronjob/renew`;

export const renewalRuns = healthCheck({
  id: "renew.cronjob",
  title: "The CronJob that renews the certificate runs, and ends well",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "CronJob.batch", "Job.batch", "Pod"],
  meaning:
    "The certificate ends some day, because the CronJob is suspended, does not start, or fails: its image cannot be pulled, its credentials are gone, or the CA or the DNS refuses it.",
  todo: "Do what the finding says, then run it once: `kubectl create job renew-now -n kn-bootstrap --from=cronjob/renew`.",
  threads: ["linkerd/linkerd2#9612", "acmesh-official/acme.sh#6633"],
  run: async (ctx, memory) => {
    const { cluster } = ctx;
    const [{ tls }, cronJob, jobs, pods] = await Promise.all([
      findInstallation(cluster),
      cluster.get(CRON_JOB),
      cluster.list({ apiVersion: "batch/v1", kind: "Job", namespace: HOME }),
      cluster.list({ apiVersion: "v1", kind: "Pod", namespace: HOME }),
    ]);
    const strategy = knownStrategy(tls);
    if (!strategy || strategy.elsewhere) return skipped("kn-bootstrap renews no certificate here");
    if (!cronJob) return skipped("there is none: somebody runs kn-bootstrap renew");
    const name = describe(cronJob);
    const evidence = (field: string, observed?: unknown) => ({ evidence: [{ object: CRON_JOB, field, observed }] });
    if (at(cronJob, "spec", "suspend") === true)
      return warn(
        `${name} is suspended: nobody renews`,
        {
          text: "Let it go on.",
          command: sh`kubectl patch cronjob renew -n kn-bootstrap -p '{"spec":{"suspend":false}}'`,
        },
        evidence(".spec.suspend", true),
      );
    for (const secret of secretsOf(cronJob))
      if (!(await cluster.get({ apiVersion: "v1", kind: "Secret", namespace: HOME, name: secret })))
        return fail(
          `${name} takes its credentials from Secret ${HOME}/${secret}, which does not exist`,
          { text: "Make it again.", command: sh`kn-bootstrap renew --install-cronjob --help` },
          evidence(".spec.jobTemplate", secret),
        );
    const own = jobs.filter(
      ({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === cronJob.metadata.uid) || metadata.name === "renew-now",
    );
    const newest = newestOf(own);
    const done = Date.parse(textAt(cronJob, "status", "lastSuccessfulTime"));
    if (newest && ended(newest, "Failed")) {
      const why = complaintIn(await lastWords(ctx, newest, pods)) || textAt(conditionOf(newest, "Failed"), "message");
      const since = Number.isNaN(done) ? "it has not ended well yet" : `it ended well last on ${day(done)}`;
      return fail(
        `${describe(newest)} has failed: ${why}; ${since}`,
        {
          text: `Mend what it complains of; its log has more: ${sh`kubectl logs job/${newest.metadata.name} ${inNamespace(HOME)}`}. Then run it once:`,
          command: RUN_NOW,
        },
        { facts: { reason: why }, evidence: [{ object: refOf(newest), field: "condition Failed", observed: why }] },
      );
    }
    if (newest && !ended(newest, "Complete")) {
      const cause = await podsProblem(ctx, describe(newest), HOME, { "job-name": newest.metadata.name }, memory);
      if (cause) return cause;
    }
    const schedule = textAt(cronJob, "spec", "schedule");
    const since = Date.parse(
      textAt(cronJob, "status", "lastScheduleTime") || (cronJob.metadata.creationTimestamp ?? ""),
    );
    if (timeOfReading(ctx) - since > MISSED_RUNS * periodOf(schedule))
      return fail(
        `${name} has started no run since ${day(since)}, though it is to run at ${schedule}`,
        {
          text: "See what its events say; the controller of CronJobs may be away, or a quota or admission refuses its Jobs.",
          command: sh`kubectl describe cronjob renew ${inNamespace(HOME)}`,
        },
        evidence(".status.lastScheduleTime", textAt(cronJob, "status", "lastScheduleTime") || undefined),
      );
    return ok(Number.isNaN(done) ? "it has not run yet" : `it ended well last on ${day(done)}`);
  },
});

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
