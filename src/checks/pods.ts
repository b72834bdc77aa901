import type { Finding, ReadContext } from "../core/check.ts";
import { fail, never } from "../core/check.ts";
import { at, isRecord, type KubeObject } from "../ports/object.ts";

const items = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A pull that the registry refused for good, as the kubelet words it. */
const REFUSED_PULL = /manifest unknown|not found|401 Unauthorized|403 Forbidden|unauthorized|denied/i;
/**
 * One refusal may be a hiccup of a token service; rule 7 wants it seen twice. The kubelet alternates between trying (ErrImagePull) and
 * backing off, so a second refusal is a second *entry* into ErrImagePull. Keyed by pod uid and container.
 */
const pulls = new Map<string, { reason: string; refusals: number }>();

const refusals = (key: string, reason: string, refused: boolean): number => {
  const before = pulls.get(key) ?? { reason: "", refusals: 0 };
  const again = refused && reason === "ErrImagePull" && before.reason !== "ErrImagePull";
  const now = { reason, refusals: before.refusals + (again ? 1 : 0) };
  pulls.set(key, now);
  return now.refusals;
};

const firstLine = (message: string): string => (message.split("\n")[0] ?? "").slice(0, 200);

/** Why this pod is not ready, or undefined: nothing is wrong with it yet. */
const podProblem = (pod: KubeObject): Finding | undefined => {
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
  const describeCommand = {
    text: "Look at the pod.",
    command: `kubectl describe pod ${pod.metadata.name} -n ${pod.metadata.namespace}`,
  };
  const scheduled = items(at(pod, "status", "conditions")).find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    return fail(`${name} cannot be scheduled: ${text(scheduled.message)}`, {
      text: "Give the cluster more room, or free some.",
      command: "kubectl get nodes -o wide",
    });
  }
  for (const status of [
    ...items(at(pod, "status", "initContainerStatuses")),
    ...items(at(pod, "status", "containerStatuses")),
  ]) {
    const waiting = at(status, "state", "waiting");
    const reason = text(at(waiting, "reason"));
    const message = firstLine(text(at(waiting, "message")));
    if (reason === "InvalidImageName")
      return never(`${name}: InvalidImageName: ${message}`, { text: "Correct --image-registry." });
    if (reason === "ErrImagePull" || reason === "ImagePullBackOff") {
      const refused = refusals(`${pod.metadata.uid} ${text(status.name)}`, reason, REFUSED_PULL.test(message));
      const remedy = {
        text: "Make the image pullable from the nodes (registry, pull secret, --image-registry).",
        command: describeCommand.command,
      };
      const summary = `${name}: ${reason}: ${text(status.image)}${message ? `: ${message}` : ""}`;
      return refused > 1 ? never(summary, remedy) : fail(summary, remedy);
    }
    if (
      reason === "CrashLoopBackOff" ||
      reason === "CreateContainerConfigError" ||
      reason === "CreateContainerError" ||
      reason === "RunContainerError"
    ) {
      const last = firstLine(text(at(status, "lastState", "terminated", "message")));
      const summary = `${name}: ${reason}${last ? `: ${last}` : message ? `: ${message}` : ""}`;
      const remedy = {
        text: "Read what it said before it ended.",
        command: `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} --previous`,
      };
      return /Version check failed/.test(last) ? never(summary, remedy) : fail(summary, remedy);
    }
  }
  return undefined;
};

/** The worst that the pods behind a selector have to tell. */
export const podsProblem = async (
  ctx: ReadContext,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): Promise<Finding | undefined> => {
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector });
  const problems = pods.flatMap((pod) => podProblem(pod) ?? []);
  return problems.find((problem) => "permanent" in problem && problem.permanent) ?? problems[0];
};
