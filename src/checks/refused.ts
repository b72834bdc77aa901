import { type Finding, fail, type Memory, never, noted, type ReadContext } from "../core/check.ts";
import { denialOf } from "../kube/denial.ts";
import { webhookFailure, withConfiguration } from "../kube/webhook-failure.ts";
import type { Remedy } from "../ports/error.ts";
import { conditionOf, type KubeObject, textAt } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { inNamespace, type ShellCommand, sh } from "../ports/shell.ts";
import { type ClusterEvent, clusterEventsIn } from "./events.ts";

/** Says why a Deployment's ReplicaSet may not make pods. Undefined: it may. `subject` begins the summary. */
export const podsRefused = async (
  ctx: ReadContext,
  subject: string,
  deployment: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const { uid = "", name, namespace } = deployment.metadata;
  const failure = conditionOf(deployment, "ReplicaFailure");
  if (failure?.status !== "True") {
    memory.set(uid, 0);
    return undefined;
  }
  const refusals = refusalsOf(deployment, await clusterEventsIn(ctx, namespace ?? ""));
  const attempts = refusals.reduce((sum, { count }) => sum + count, 0);
  // The ReplicaSet tries less and less often, so that its condition may tell of what was mended long ago.
  if (!memory.has(uid)) memory.set(uid, Math.max(1, attempts));
  const before = noted(memory, uid) ?? 0;
  const isNew = before === 0 || attempts > before;
  return judgeRefusal(ctx, {
    subject,
    what: "pods",
    // The condition keeps what was said first.
    message: refusals.at(-1)?.message ?? textAt(failure, "message"),
    isNew,
    namespace,
    command: sh`kubectl describe deployment ${name} ${inNamespace(namespace)}`,
  });
};

/** The refusals that the ReplicaSets of a Deployment got when they made pods, oldest first. */
export const refusalsOf = (
  { metadata: { name } }: KubeObject,
  events: readonly ClusterEvent[],
): readonly ClusterEvent[] =>
  events.filter((one) => one.reason === "FailedCreate" && one.name.replace(/-[a-z0-9]+$/, "") === name);

/** An object that the API server refused to a controller. */
export interface Refusal {
  /** What it was to be made for. */
  readonly subject: string;
  /** `pods` */
  readonly what: string;
  /** What the API server said, behind what the controller put before it. */
  readonly message: string;
  /** It is not from before this wait, when somebody may have mended the cause since. */
  readonly isNew: boolean;
  readonly namespace: string | undefined;
  /** Where to look for more. */
  readonly command: ShellCommand;
}

export const judgeRefusal = async (ctx: ReadContext, refusal: Refusal): Promise<Finding> => {
  const { subject, what, message, isNew, namespace, command } = refusal;
  const denial = denialOf(message, namespace);
  // Rule 7: a quota or an admission denial does not pass by waiting.
  if (denial) {
    const { message: said, remedy, podSecurity } = denial;
    const reason = `may not make ${what}: ${said}`;
    const facts = { reason, ...(podSecurity ? { podSecurity } : {}) };
    return (isNew ? never : fail)(`${subject} ${reason}`, remedy, { facts });
  }
  const cannot = (why: string, remedy: Remedy): Finding => {
    const reason = `cannot make ${what}: ${why}`;
    return fail(`${subject} ${reason}`, remedy, { facts: { reason } });
  };
  const call = webhookFailure(message);
  if (call) {
    const { reason: why, remedy } = await withConfiguration(call, readerOf(ctx.cluster));
    return cannot(why, remedy);
  }
  const said = message.replace(
    /^(\(combined from similar events\): )?(Error creating: )?(pods "[^"]*" is forbidden: )?/,
    "",
  );
  return cannot(said, { text: "Look at what says so.", command });
};
