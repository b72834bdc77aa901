import { ApiError, type LeaseAccess } from "../ports/cluster.ts";
import { messageOf, UserError } from "../ports/error.ts";
import { at, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { HOME } from "./inventory.ts";

/** The namespace of the lock. When it is deleted, the lock goes with it. */
export const LOCKED_IN: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: HOME };
export const LEASE: ObjectRef = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: HOME,
  name: "installer",
};

const AGAIN = "run the same command again; what is done is kept.";

export const leaseHolder = (lease: KubeObject): string => String(at(lease, "spec", "holderIdentity") ?? "");

/** The same object and the same holder; a Lease that was deleted and made again has another uid. */
export const isSame = (ours: KubeObject, live: KubeObject): boolean =>
  live.metadata.uid === ours.metadata.uid && leaseHolder(live) === leaseHolder(ours);

/**
 * Why the lock is lost; undefined: `live` is still our Lease. `late`: we did not renew it for longer than it lasts, so others could take
 * it over.
 */
export const lossOf = async (
  ours: KubeObject,
  live: KubeObject | undefined,
  access: Pick<LeaseAccess, "get">,
  late: boolean,
): Promise<UserError | undefined> => {
  if (live && leaseHolder(live) !== leaseHolder(ours)) return taken(leaseHolder(live));
  if (live && isSame(ours, live) && !live.metadata.deletionTimestamp) return undefined;
  const goes = await access.get(LOCKED_IN).then(
    (home) => !home || home.metadata.deletionTimestamp !== undefined,
    // Not everybody who may renew a Lease may read namespaces.
    () => false,
  );
  return goes ? goneWithItsNamespace() : deleted(late);
};

const taken = (holder: string): UserError =>
  new UserError({
    id: "lock.lost",
    what: holder
      ? `Another installer (${holder}) has taken over while this one was not heard of.`
      : "The lock on this cluster was taken away from this installer.",
    why: holder
      ? "This process was paused or cut off from the cluster for longer than its Lease. It stops so that the two do not write at once."
      : "Somebody has changed the Lease. Without it, two installers could write at once; so this one stops.",
    remedy: `Let the other one finish, then ${AGAIN}`,
    kind: "failed",
  });

const deleted = (late: boolean): UserError =>
  new UserError({
    id: "lock.gone",
    what: late
      ? "The lock on this cluster is gone: another installer took over while this one was not heard of, and has finished, or somebody deleted it."
      : "Somebody has deleted the lock on this cluster while this installer was at work.",
    why: "Without it, two installers could write at once; so this one stops.",
    remedy: {
      text: `See that nobody else installs, then ${AGAIN} Who holds the lock:`,
      command: sh`kubectl get lease -n ${HOME}`,
    },
    kind: "failed",
  });

/** Thrown before the first write, too. */
export const goneWithItsNamespace = (): UserError =>
  new UserError({
    id: "lock.namespace",
    what: `Namespace ${HOME} is being deleted, and the lock on this cluster with it.`,
    why: "Without the lock, two installers could write at once; so this one stops.",
    remedy: { text: `When it is gone, ${AGAIN}`, command: sh`kubectl get namespace ${HOME}` },
    kind: "failed",
  });

/** Whether the server refused. With 429 or 5xx it only could not answer. */
export const isDenied = (error: unknown): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;

export const staleLock = (error: unknown): UserError =>
  new UserError({
    id: "lock.stale",
    what: "The lock on this cluster could not be renewed, so nothing more is written.",
    ...(error === undefined ? {} : { why: messageOf(error) }),
    remedy: `${isDenied(error) ? "Mend what it says" : "Check the connection"} and ${AGAIN}`,
    kind: "failed",
  });

export const busyLock = (holder: string): UserError =>
  new UserError({
    id: "lock.busy",
    what: `Another installer (${holder}) is at work on this cluster.`,
    why: "Two installers at once would undo each other's changes. Nothing was changed.",
    remedy: {
      text: "Wait for it and run again. Who it is:",
      command: sh`kubectl get lease ${LEASE.name} -n ${HOME} -o yaml`,
    },
    kind: "failed",
  });
