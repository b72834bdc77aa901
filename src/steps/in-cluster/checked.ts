import { clusterEventsIn } from "../../checks/events.ts";
import { podsProblem } from "../../checks/pods.ts";
import { type Check, type Finding, fail, never, ok, type ReadContext } from "../../core/check.ts";
import { HOME } from "../../kube/inventory.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, isRecord, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";

const LABEL = "job-name";
const lookAt = ({ name }: ObjectRef): Remedy => ({
  text: "Look at the pod while it is there.",
  command: sh`kubectl describe pod -n ${HOME} -l ${LABEL}=${name}`,
});

const items = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** What a Job of the CronJob's form is to see before the CronJob is written. */
export interface Trial {
  readonly id: `cron.${string}` | `doctor.${string}`;
  readonly title: string;
  /** What it is said to have seen. */
  readonly seen: string;
  readonly job: ObjectRef;
}

/** The Job has seen it from inside the cluster and with the CronJob's own account. */
export const jobSucceeded = ({ id, title, seen, job: ref }: Trial): Check => ({
  id,
  title,
  run: async (ctx, memory) => {
    const [place, look] = [`Job ${HOME}/${ref.name}`, lookAt(ref)];
    const job = await ctx.cluster.get(ref);
    if (!job) return fail(`${place} does not exist`, { text: "Run the same command again." });
    const conditions = items(at(job, "status", "conditions"));
    const holds = (type: string) => conditions.find((one) => one.type === type && one.status === "True");
    if (holds("Complete")) return ok(seen);
    const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: HOME });
    const said = reportedFailure(
      pods.filter(({ metadata }) => metadata.labels?.[LABEL] === ref.name),
      look,
    );
    if (said) return never(`the check failed inside the cluster: ${said.what}`, said.remedy);
    const cause = await podsProblem(ctx, place, HOME, { [LABEL]: ref.name }, memory);
    if (cause) return withImage(cause);
    const failed = holds("Failed");
    if (failed) return never(`the check did not end: ${failed.reason}: ${failed.message}`, look);
    return fail((await refused(ctx, job, place)) ?? "the check has not ended yet", look);
  },
});

/** Why the Job may make no pod: a quota, a policy, an account that is gone. */
const refused = async (ctx: ReadContext, job: KubeObject, place: string): Promise<string | undefined> => {
  const last = (await clusterEventsIn(ctx, HOME)).findLast(
    ({ about, isWarning }) => isWarning && about === job.metadata.uid,
  );
  return last && `${place}: ${last.reason}: ${last.message}`;
};

/** Elsewhere it is the release's image that is missing; here it is the one that was just named. */
const withImage = (finding: Finding): Finding =>
  "remedy" in finding && finding.facts?.image !== undefined
    ? { ...finding, remedy: { ...finding.remedy, text: "Give an --image that the nodes can pull." } }
    : finding;

/**
 * What the program said when it ended, from the end of its log (kubelet: at most 2048 bytes): its own error with its own remedy where the
 * JSON line is whole, else the text.
 */
const reportedFailure = (
  pods: readonly KubeObject[],
  look: Remedy,
): { readonly what: string; readonly remedy: Remedy } | undefined => {
  const ended = pods
    .flatMap((pod) => items(at(pod, "status", "containerStatuses")))
    .map((status) => at(status, "state", "terminated"))
    .find((state) => isRecord(state) && state.exitCode !== 0);
  if (!isRecord(ended)) return undefined;
  const lines = String(ended.message ?? "").split("\n");
  const error = lines.map(parsed).find((line) => line?.type === "error");
  if (error) {
    const { text, command } = isRecord(error.remedy) ? error.remedy : {};
    return {
      what: [error.what, error.why].filter((part) => typeof part === "string").join(" "),
      remedy: { text: String(text ?? look.text), command: typeof command === "string" ? harmless(command) : undefined },
    };
  }
  const words = lines
    .filter((line) => line.trim() !== "" && !line.startsWith("{"))
    .join(" ")
    .trim();
  const code = `${ended.reason === "Error" ? "" : `${ended.reason}, `}exit code ${ended.exitCode}`;
  return { what: words.slice(-500) || code, remedy: look };
};

/** They look, or ask before they change anything. */
const HARMLESS = /^(kn-bootstrap (plan|status|iam-policy|install|renew)|dig|kubectl (get|describe|logs))( |$)/;
/** The options with which they still do. */
const OPTIONS: ReadonlySet<string> = new Set(["-n", "-l", "-o", "-A", "--domain", "--dns", "--dns-zone-id", "--tls"]);
const WORD = /^[\w@%+:,./][\w@%+=:,./-]*$/;

/** The log is the pod's: of what it offers to copy, only this is taken over, word by word. */
const harmless = (command: string): ShellCommand | undefined => {
  const words = command.split(" ");
  return HARMLESS.test(command) && words.every((word) => WORD.test(word) || OPTIONS.has(word))
    ? sh`${words}`
    : undefined;
};

const parsed = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
