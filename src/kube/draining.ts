import { type Check, fail, ok, type ReadContext } from "../core/check.ts";
import { describe, type KubeObject, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";

/** Pods that are terminating, and how long that may take. */

export const isGoing = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

/** Whether a container of the pod runs or may run again. */
export const isAlive = (pod: KubeObject): boolean => !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"));

/** Seconds until the grace period ends, negative afterwards. `now` is the server's time. */
export const graceLeft = ({ metadata }: KubeObject, now: Date): number =>
  (Date.parse(metadata.deletionTimestamp ?? "") - now.getTime()) / 1000;

/** Rounded up, so that the text does not change every second. */
const roughly = (seconds: number): string =>
  seconds > 90 ? `${Math.ceil(seconds / 60)} min` : `${Math.max(10, Math.ceil(seconds / 10) * 10)} s`;

/** Its containers have ended, and only finalizers keep the object. */
const isHeld = (pod: KubeObject, now: Date): boolean =>
  isGoing(pod) && (pod.metadata.finalizers ?? []).length > 0 && (!isAlive(pod) || graceLeft(pod, now) <= 0);

const wordsFor = (pod: KubeObject, now: Date): string => {
  if (!isGoing(pod)) return `${describe(pod)} still runs`;
  if (isHeld(pod, now)) return `${describe(pod)} is left, held by finalizer ${pod.metadata.finalizers?.join(", ")}`;
  const left = graceLeft(pod, now);
  return left > 0
    ? `${describe(pod)} is draining, for ${roughly(left)} more at most`
    : `${describe(pod)} is still there though its grace is over`;
};

/** `Pod a/b is draining, for 5 min more at most (and 2 more)`: the one that may take longest. */
export const podWords = (pods: readonly KubeObject[], now: Date): string => {
  // A pod that is not being deleted yet has its whole grace period before it.
  const leftOf = (pod: KubeObject): number => (isGoing(pod) ? graceLeft(pod, now) : Number.POSITIVE_INFINITY);
  const [first] = [...pods].sort((a, b) => leftOf(b) - leftOf(a));
  if (!first) return "";
  return `${wordsFor(first, now)}${pods.length > 1 ? ` (and ${pods.length - 1} more)` : ""}`;
};

/** What can be done about a pod that takes its time. */
export const podRemedy = ([pod]: readonly KubeObject[]) => ({
  text: "It goes when its process has ended; after its grace its node ends it. If it stays, look at what its node says.",
  command: sh`kubectl describe pod ${pod?.metadata.name ?? ""} ${inNamespace(pod?.metadata.namespace)}`,
});

/** How far up owners are followed. A pod of a Knative Service has five: ReplicaSet, Deployment, Revision, Configuration, Service. */
const DEEPEST = 6;

/** Whether an owner that stays keeps the pod running. Such a pod ends only with its namespace. */
const isKept = async ({ cluster, unwatched = cluster }: ReadContext, pod: KubeObject): Promise<boolean> => {
  let here: KubeObject = pod;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (isGoing(here)) return false;
    const [owner] = here.metadata.ownerReferences ?? [];
    if (!owner) return true;
    const { namespace } = here.metadata;
    const above = await unwatched.get({ ...owner, ...(namespace ? { namespace } : {}) });
    if (above?.metadata.uid !== owner.uid) return false;
    here = above;
  }
  return true;
};

/**
 * In these namespaces no pod is draining. While one is, a namespace that is deleted is looked at again only after half of the
 * pod's grace, which is minutes, however soon the pod is gone.
 */
export const podsDrained = (namespaces: readonly string[]): Check => ({
  id: "pods.drained",
  title: "Pods that were told to end have ended",
  run: async (ctx) => {
    const lists = await Promise.all(
      namespaces.map((namespace) => ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace })),
    );
    // A pod that only finalizers keep delays its namespace no more than any other object.
    const alive = lists.flat().filter((pod) => isAlive(pod) && !isHeld(pod, ctx.now()));
    const kept = await Promise.all(alive.map((pod) => isKept(ctx, pod)));
    const ending = alive.filter((_, index) => !kept[index]);
    return ending.length === 0 ? ok("no pod is left") : fail(podWords(ending, ctx.now()), podRemedy(ending));
  },
});
