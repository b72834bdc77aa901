import {
  type Finding,
  fail,
  type Memory,
  never,
  noted,
  type ReadContext,
  seenIn,
  timeOfReading,
} from "../core/check.ts";
import { ApiError } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import type { Evidence, Seen } from "../ports/facts.ts";
import { at, isRecord, type KubeObject, numberAt, refOf } from "../ports/object.ts";
import { inNamespace, type ShellCommand, sh } from "../ports/shell.ts";
import { type ClusterEvent, clusterEventsIn } from "./events.ts";
import { OTHER_REGISTRY, pullProblem, refusals } from "./pull.ts";
import { unscheduled } from "./room.ts";

/** Rule 7 wants a refused pull seen twice. */
export const ENOUGH_REFUSALS = 2;
/** A pod younger than this is not reported: its containers need time to become ready. */
const SETTLED_MS = 5_000;

const items = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Says why the pods behind a selector do not run, in the words of the first that has a reason. A permanent reason comes first. */
export const podsProblem = async (
  ctx: ReadContext,
  /** Begins the summary: `Deployment knative-serving/activator`. */
  subject: string,
  namespace: string,
  selector: Readonly<Record<string, string>>,
  memory: Memory,
): Promise<Finding | undefined> => {
  const pods = (await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace })).filter(
    ({ metadata }) =>
      !metadata.deletionTimestamp && Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value),
  );
  const problems = (await Promise.all(pods.map((pod) => podProblem(ctx, pod, memory)))).filter(
    (one) => one !== undefined,
  );
  const worst = problems.find(({ permanent }) => permanent) ?? problems[0];
  if (!worst) return undefined;
  const { facts, ...evidence } = seenIn(worst);
  const seen = { ...evidence, facts: { ...facts, reason: worst.summary } };
  return (worst.permanent ? never : fail)(`${subject}: ${worst.summary}`, worst.remedy, seen);
};

/**
 * The same for the pods that a Deployment wants now: those of an earlier ReplicaSet run until the new ones are ready, and what is wrong
 * with them is what this roll is there to mend. Where ReplicaSets may not be read, all of its pods count.
 */
export const newestPodsProblem = async (
  ctx: ReadContext,
  subject: string,
  deployment: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const { namespace = "" } = deployment.metadata;
  const selector = at(deployment, "spec", "selector", "matchLabels");
  if (!isRecord(selector)) return undefined;
  const newest = await newestReplicaSet(ctx, deployment);
  const hash = newest?.metadata.labels?.[HASH];
  return podsProblem(
    ctx,
    subject,
    namespace,
    { ...(selector as Record<string, string>), ...(hash === undefined ? {} : { [HASH]: hash }) },
    memory,
  );
};

const HASH = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";

/** Finds the ReplicaSet that carries the Deployment's own revision number (kube-controller-manager, pkg/controller/deployment/sync.go). */
const newestReplicaSet = async (ctx: ReadContext, { metadata }: KubeObject): Promise<KubeObject | undefined> => {
  const revision = metadata.annotations?.[REVISION];
  try {
    const sets = await ctx.cluster.list({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      namespace: metadata.namespace ?? "",
      metadataOnly: true,
    });
    return sets.find(
      (set) =>
        set.metadata.annotations?.[REVISION] === revision &&
        set.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
};

interface Problem extends Seen {
  readonly summary: string;
  readonly remedy: Remedy;
  readonly permanent?: boolean;
}

const podProblem = async (ctx: ReadContext, pod: KubeObject, memory: Memory): Promise<Problem | undefined> => {
  const conditions = items(at(pod, "status", "conditions"));
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    const remedy = { text: "Give the cluster more room, or free some.", command: sh`kubectl describe nodes` };
    const evidence = evidenceOf(pod, '.status.conditions[type="PodScheduled"].status', "False", "True");
    return { summary: await unscheduled(ctx, pod, text(scheduled.message)), remedy, evidence };
  }
  const containers = [
    ...items(at(pod, "status", "initContainerStatuses")),
    ...items(at(pod, "status", "containerStatuses")),
  ];
  for (const container of containers) {
    const problem = (await imageProblem(ctx, pod, container, memory)) ?? endProblem(pod, container, memory);
    if (problem) return problem;
  }
  countedSince(memory, uidOf(pod), 0);
  const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  const age = timeOfReading(ctx) - Date.parse(pod.metadata.creationTimestamp ?? "");
  return isReady || !(age > SETTLED_MS) ? undefined : lastWarning(ctx, pod);
};

const uidOf = ({ metadata: { uid = "" } }: KubeObject): string => uid;

/**
 * How much a count of failures has grown since the first look of this wait. The earlier ones may be older than the repair of their cause,
 * so only later ones count as permanent.
 */
export const countedSince = (memory: Memory, id: string, count: number): number => {
  const first = noted(memory, id) ?? count;
  memory.set(id, first);
  return count - first;
};

const evidenceOf = (pod: KubeObject, field: string, observed: unknown, expected?: unknown): readonly Evidence[] => [
  { object: refOf(pod), field, observed, ...(expected === undefined ? {} : { expected }) },
];

/** Of one of its containers, as `kubectl get pod -o yaml` shows it. */
const stateOf = (pod: KubeObject, { name }: Record<string, unknown>, state: string, observed: unknown) =>
  evidenceOf(pod, `.status.containerStatuses[name=${JSON.stringify(name)}].${state}`, observed);

const described = ({ metadata: { name, namespace } }: KubeObject): ShellCommand =>
  sh`kubectl describe pod ${name} ${inNamespace(namespace)}`;

const about = async (ctx: ReadContext, { metadata }: KubeObject): Promise<readonly ClusterEvent[]> =>
  (await clusterEventsIn(ctx, metadata.namespace ?? "")).filter((one) => one.about === metadata.uid);

const imageProblem = async (
  ctx: ReadContext,
  pod: KubeObject,
  container: Record<string, unknown>,
  memory: Memory,
): Promise<Problem | undefined> => {
  const reason = text(at(container, "state", "waiting", "reason"));
  const message = text(at(container, "state", "waiting", "message"));
  const image = text(container.image);
  const seen = { facts: { image }, evidence: stateOf(pod, container, "state.waiting.reason", reason) };
  if (reason === "InvalidImageName") {
    const remedy = {
      text: `Mend what rewrites images here, or ${OTHER_REGISTRY}.`,
      command: described(pod),
    };
    return { summary: `InvalidImageName: ${image}`, remedy, permanent: true, ...seen };
  }
  if (reason !== "ErrImagePull" && reason !== "ImagePullBackOff") return undefined;
  const events = await about(ctx, pod);
  // An old kubelet tells the error only in an event.
  const told = /^Back-off pulling image "[^"]*"$/.test(message)
    ? (events.findLast((one) => one.reason === "Failed" && one.message.includes(image))?.message ?? "")
    : message;
  const { summary, remedy, refused } = pullProblem(image, told, described(pod));
  const count = refusals(image, events);
  const permanent = refused && countedSince(memory, uidOf(pod), count) >= ENOUGH_REFUSALS;
  // One name for the two states between which the kubelet goes to and fro.
  return { summary: `ImagePullBackOff: ${summary}`, remedy, permanent, ...seen };
};

const CANNOT_START = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

const endProblem = (pod: KubeObject, container: Record<string, unknown>, memory: Memory): Problem | undefined => {
  const reason = text(at(container, "state", "waiting", "reason"));
  if (CANNOT_START.includes(reason)) {
    const message = text(at(container, "state", "waiting", "message")).split("\n")[0];
    const remedy = { text: "Mend what it lacks.", command: described(pod) };
    return {
      summary: `${reason}: ${message}`,
      remedy,
      evidence: stateOf(pod, container, "state.waiting.reason", reason),
    };
  }
  // A container that crashes runs for a moment between two crashes. The last end is what counts.
  const ended = at(container, "state", "terminated") ?? at(container, "lastState", "terminated");
  if (!isRecord(ended) || ended.exitCode === 0 || container.ready === true) return undefined;
  const words = lineThatTells(text(ended.message));
  const remedy = {
    text: "Read what it said before it ended.",
    command: sh`kubectl logs ${pod.metadata.name} ${inNamespace(pod.metadata.namespace)} -c ${text(container.name)} --previous`,
  };
  const cause = words || (ended.reason === "Error" ? `exit code ${ended.exitCode}` : text(ended.reason));
  const ends = (numberAt(container, "restartCount") ?? 0) + 1;
  const permanent = countedSince(memory, uidOf(pod), ends) > 0 && /Version check failed/.test(words);
  const evidence = stateOf(pod, container, "lastState.terminated.exitCode", ended.exitCode);
  return { summary: `CrashLoopBackOff: ${cause}`, remedy, permanent, evidence };
};

/** The line of a log that says why the process ended: the panic, else the last line. Of a JSON line: its message and error. */
const lineThatTells = (log: string): string => {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((one) => one.startsWith("panic: ")) ?? lines.at(-1) ?? "";
  try {
    const { message, msg = message, error } = JSON.parse(line);
    return [msg, error].filter((part) => typeof part === "string").join(": ") || line;
  } catch {
    return line.slice(0, 300);
  }
};

const lastWarning = async (ctx: ReadContext, pod: KubeObject): Promise<Problem | undefined> => {
  const last = (await about(ctx, pod)).findLast(({ isWarning }) => isWarning);
  if (!last) return undefined;
  const remedy = { text: "Mend what it says.", command: described(pod) };
  const evidence = evidenceOf(pod, "last warning", last.reason);
  return { summary: `${last.reason}: ${last.message.split("\n")[0]?.slice(0, 300)}`, remedy, evidence };
};
