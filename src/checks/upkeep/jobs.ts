import { ok, skipped, timeOfReading, warn } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { conditionOf, describe, type KubeObject, numberAt, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { podsProblem } from "../pods.ts";

/** They take seconds once their image is there. */
const SLOW_MS = 10 * 60_000;
/** It sets a domain; what became of that is told by what it has set. */
const IS_DOMAIN = /^default-domain/;

const startOf = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? "";
/** `storage-version-migration-serving-1.22.1` and its like of the next release are one Job. */
const workOf = ({ metadata }: KubeObject): string => metadata.labels?.app ?? metadata.name;

export const jobsEnded = healthCheck({
  id: "knative.jobs",
  title: "The Jobs that a release ends with have run",
  needs: ["knative.installed"],
  symptomOf: ["serving.deployments"],
  reads: ["Job.batch", "Pod", "Event", "Node"],
  meaning: "Objects of Knative stay in an old version, and the next upgrade is refused.",
  todo: "Do what the finding says of its pod; then delete the Job, and create it again from serving-post-install-jobs.yaml.",
  threads: ["knative/operator#1098", "knative/eventing#3931"],
  run: async (ctx, memory) => {
    const jobs = (await ctx.cluster.list({ apiVersion: "batch/v1", kind: "Job", namespace: KNATIVE })).filter(
      ({ metadata }) => !IS_DOMAIN.test(metadata.name),
    );
    // They go away by themselves, some time after they have ended.
    if (jobs.length === 0) return skipped("there are none any more");
    const newest = [...Map.groupBy(jobs, workOf).values()].flatMap(
      (same) => same.toSorted((a, b) => (startOf(a) < startOf(b) ? 1 : -1))[0] ?? [],
    );
    const failed = newest.filter((job) => conditionOf(job, "Failed")?.status === "True");
    const open = newest.filter(
      (job) =>
        conditionOf(job, "Complete")?.status !== "True" &&
        !failed.includes(job) &&
        timeOfReading(ctx) - Date.parse(startOf(job)) > SLOW_MS,
    );
    const [first] = [...failed, ...open];
    if (!first) return ok(`${newest.length} ${newest.length === 1 ? "Job" : "Jobs"}`);
    const { name, namespace } = first.metadata;
    const evidence = [...failed, ...open].map((job) => ({
      object: refOf(job),
      field: ".status.succeeded",
      observed: numberAt(job, "status", "succeeded") ?? 0,
      expected: 1,
    }));
    const cause = await podsProblem(ctx, describe(first), KNATIVE, { "job-name": name }, memory);
    if (cause && "remedy" in cause) return warn(cause.summary, cause.remedy, { evidence });
    const look = {
      text: "See what it said.",
      command: sh`kubectl logs ${`job/${name}`} ${inNamespace(namespace)}`,
    };
    if (failed.length > 0)
      return warn(`${few(failed.map(describe))} has failed: ${textAt(conditionOf(first, "Failed"), "message")}`, look, {
        evidence,
      });
    return warn(`${few(open.map(describe))} has not ended since ${startOf(first)}`, look, { evidence });
  },
});
