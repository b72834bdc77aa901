import { type Finding, fail, type Memory, type ReadContext } from "../../core/check.ts";
import { conditionOf, describe, type KubeObject, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { countedSince, podsProblem } from "../pods.ts";
import { judgeRefusal, podsRefused, refusalsOf } from "../refused.ts";
import { digestProblem } from "./image.ts";

const REVISION = "serving.knative.dev/revision";

/** Why a Revision is not ready: its image, its Deployment, its ReplicaSet, its pods; undefined: nothing has gone wrong yet. */
export const revisionProblem = async (
  ctx: ReadContext,
  subject: string,
  revision: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const unresolved = await digestProblem(ctx, subject, revision, memory);
  if (unresolved) return unresolved;
  const { name, namespace = "" } = revision.metadata;
  const [deployment] = await ctx.cluster.list({
    apiVersion: "apps/v1",
    kind: "Deployment",
    namespace,
    labelSelector: `${REVISION}=${name}`,
  });
  if (!deployment) return undeployed(ctx, subject, revision, memory);
  const refused = await podsRefused(ctx, subject, deployment, memory);
  return (
    (refused && securely(refused)) ??
    (await podsProblem(ctx, subject, namespace, { [REVISION]: name }, memory)) ??
    (await givenUp(ctx, subject, revision, deployment))
  );
};

/** A Deployment that may not be made is told by no condition, only by events. */
const undeployed = async (
  ctx: ReadContext,
  subject: string,
  revision: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const { uid = "", name, namespace = "" } = revision.metadata;
  const errors = (await clusterEventsIn(ctx, namespace)).filter(({ about, isWarning }) => isWarning && about === uid);
  const count = errors.reduce((sum, one) => sum + one.count, 0);
  const isNew = countedSince(memory, `${uid} deployment`, count) > 0;
  const message = errors.at(-1)?.message.replace(/^failed to create deployment "[^"]*": /, "");
  if (message === undefined) return undefined;
  const command = sh`kubectl describe revision ${name} -n ${namespace}`;
  return judgeRefusal(ctx, { subject, what: "its Deployment", message, isNew, namespace, command });
};

/** After its progress deadline a Revision has no pods any more and says no more than that: what went wrong is left in events. */
const givenUp = async (
  ctx: ReadContext,
  subject: string,
  revision: KubeObject,
  deployment: KubeObject,
): Promise<Finding | undefined> => {
  const resources = conditionOf(revision, "ResourcesAvailable");
  if (resources?.status !== "False") return undefined;
  const outcome = textAt(resources, "message") || textAt(resources, "reason");
  const { name, namespace = "" } = deployment.metadata;
  const command = sh`kubectl describe revision ${revision.metadata.name} -n ${namespace}`;
  const events = await clusterEventsIn(ctx, namespace);
  const refusal = refusalsOf(deployment, events).at(-1);
  if (refusal) {
    const { message } = refusal;
    const cause = await judgeRefusal(ctx, { subject, what: "pods", message, isNew: false, namespace, command });
    const { facts } = cause;
    const reason = `${facts?.reason} (${outcome})`;
    return securely({ ...cause, summary: `${cause.summary} (${outcome})`, facts: { ...facts, reason } });
  }
  const last = events.findLast((one) => one.isWarning && one.name.startsWith(`${name}-`));
  const why = last ? `: ${last.reason}: ${last.message}` : "";
  const reason = `${outcome}${why}`;
  return fail(`${subject}: ${reason}`, { text: `Look at ${describe(revision)}.`, command }, { facts: { reason } });
};

/** Knative can give its pods what the strictest level asks for. */
export const securely = (finding: Finding): Finding => {
  if (!("remedy" in finding) || finding.facts?.podSecurity !== "restricted") return finding;
  return {
    ...finding,
    remedy: {
      text: `Let Knative give new Revisions what "restricted" asks for, where their images need no root.${finding.remedy.command ? ` Or let the namespace enforce less: ${finding.remedy.command}` : ""}`,
      command: sh`kubectl patch configmap config-features -n knative-serving --type merge -p '{"data":{"secure-pod-defaults":"enabled"}}'`,
    },
  };
};
