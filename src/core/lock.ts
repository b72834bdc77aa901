import { setTimeout as sleepFor } from "node:timers/promises";
import { ApiError, type ClusterWrite, type LeaseAccess, type LockableCluster } from "../ports/cluster.ts";
import { messageOf, UserError } from "../ports/error.ts";
import { at, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { HOME, MANAGER } from "./inventory.ts";
import { outage } from "./outage.ts";

export const LEASE: ObjectRef = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: HOME,
  name: "installer",
};

/** Milliseconds (rule 10). */
export interface LockTimes {
  /** Without a renewal for so long, as the waiting one saw it on its own clock, a holder counts as dead. */
  readonly duration: number;
  readonly renewEvery: number;
  /** A write is made only while the last renewal is younger. */
  readonly freshFor: number;
  readonly lookEvery: number;
}
export const RULE_10: LockTimes = { duration: 30_000, renewEvery: 10_000, freshFor: 20_000, lookEvery: 1_000 };

export interface LockOptions {
  /** Who we are, for people and for the Lease: `host/pid/random`. */
  readonly holder: string;
  /** Whether that holder is certainly no more: then nobody waits for its Lease to run out. */
  readonly isDead?: (holder: string) => boolean;
  readonly signal: AbortSignal;
  /** Gives up waiting for another installer after so long. */
  readonly timeoutMs: number;
  readonly onWaiting: (reason: string) => void;
  readonly times?: LockTimes;
  /** Monotonic milliseconds; stands still for nobody, which is how a paused process notices. Default: performance.now. */
  readonly clock?: () => number;
}

/** MicroTime has six digits. For people and other tools only: what we decide by is our own clock. */
const microTime = (): string => new Date().toISOString().replace("Z", "000Z");

const spec = (holder: string, times: LockTimes, transitions: number): Record<string, unknown> => {
  const now = microTime();
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.round(times.duration / 1000)),
    acquireTime: now,
    renewTime: now,
    leaseTransitions: transitions,
  };
};

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;
const isGone = (error: unknown): boolean => error instanceof ApiError && (error.status === 404 || error.status === 403);

/**
 * Runs `work` while holding the Lease, so that two installers never write at once. A Lease cannot stop a process that was
 * paused; so each try of a write first looks at the age of our last renewal, and the writes themselves carry preconditions.
 * The namespace must exist.
 */
export const withLock = async <T>(
  cluster: LockableCluster,
  options: LockOptions,
  work: (cluster: ClusterWrite, lost: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { holder, times = RULE_10, clock = () => performance.now() } = options;
  let lease = await acquire(cluster.lease, options, times, clock);
  let renewedAt = clock();
  const lost = new AbortController();
  const stop = new AbortController();

  const renew = async (): Promise<void> => {
    const before = clock();
    try {
      lease = await cluster.lease.replace(
        { ...lease, spec: { ...(lease.spec as object), renewTime: microTime() } },
        MANAGER,
      );
      renewedAt = before;
    } catch (error) {
      const live = isConflict(error) ? await cluster.lease.get(LEASE) : undefined;
      if (live && at(live, "spec", "holderIdentity") === holder) {
        lease = live;
        return renew();
      }
      if (live) lost.abort(taken(String(at(live, "spec", "holderIdentity"))));
      else if (!isGone(error)) throw error;
    }
  };
  // One renewal at a time: two would conflict with each other.
  let renewing: Promise<void> | undefined;
  const renewOnce = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  const keep = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleepFor(times.renewEvery, undefined, { signal: stop.signal, ref: false }).catch(() => {});
      if (!stop.signal.aborted) await renewOnce().catch(() => {});
    }
  };
  const permit = async (): Promise<void> => {
    if (clock() - renewedAt >= times.freshFor)
      await renewOnce().catch((error) => {
        // The write can wait for the cluster; that nobody took over meanwhile, the renewal finds out.
        if (outage(error)) throw error;
        lost.abort(stale(error));
      });
    if (lost.signal.aborted) throw lost.signal.reason;
    if (clock() - renewedAt >= times.freshFor) throw stale(undefined);
  };

  const keeping = keep();
  try {
    return await work(cluster.guarded(permit), lost.signal);
  } finally {
    stop.abort();
    await keeping;
    await renewing?.catch(() => {});
    await release(cluster.lease, lease);
  }
};

const acquire = async (
  access: LeaseAccess,
  options: LockOptions,
  times: LockTimes,
  clock: () => number,
): Promise<KubeObject> => {
  const began = clock();
  let seen = { version: "", since: began };
  for (;;) {
    options.signal.throwIfAborted();
    const live = await access.get(LEASE);
    try {
      if (!live) return await access.create(leaseFor(spec(options.holder, times, 0)), MANAGER);
      const other = at(live, "spec", "holderIdentity");
      const version = live.metadata.resourceVersion ?? "";
      if (version !== seen.version) seen = { version, since: clock() };
      const silent = clock() - seen.since;
      if (!other || other === options.holder || silent >= times.duration || options.isDead?.(String(other))) {
        const transitions = Number(at(live, "spec", "leaseTransitions") ?? 0) + 1;
        // resourceVersion decides when two take over at once.
        return await access.replace({ ...live, spec: spec(options.holder, times, transitions) }, MANAGER);
      }
      if (clock() - began > options.timeoutMs) throw busy(String(other));
      options.onWaiting(
        `another installer (${String(other)}) is at work; it is taken for dead after ${times.duration / 1000} s without a sign`,
      );
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    await sleepFor(times.lookEvery, undefined, { signal: options.signal }).catch(() => {});
  }
};

const leaseFor = (content: Record<string, unknown>): KubeObject => ({
  apiVersion: LEASE.apiVersion,
  kind: LEASE.kind,
  metadata: { namespace: HOME, name: LEASE.name },
  spec: content,
});

/** Only our own: with uid and resourceVersion, a Lease that somebody took over stays. */
const release = async (access: LeaseAccess, lease: KubeObject): Promise<void> => {
  const { uid = "", resourceVersion = "" } = lease.metadata;
  await access.remove(LEASE, { uid, resourceVersion }).catch(() => {});
};

const taken = (holder: string): UserError =>
  new UserError({
    id: "lock.lost",
    what: `Another installer (${holder}) has taken over while this one was not heard of.`,
    why: "This process was paused or cut off from the cluster for longer than its Lease. It stops so that the two do not write at once.",
    remedy: "Let the other one finish, then run the same command again.",
    exitCode: 1,
  });

const stale = (error: unknown): UserError =>
  new UserError({
    id: "lock.stale",
    what: "The lock on this cluster could not be renewed, so nothing more is written.",
    ...(error === undefined ? {} : { why: messageOf(error) }),
    remedy: "Check the connection and run the same command again; what is done is kept.",
    exitCode: 1,
  });

const busy = (holder: string): UserError =>
  new UserError({
    id: "lock.busy",
    what: `Another installer (${holder}) is at work on this cluster.`,
    why: "Two installers at once would undo each other's changes. Nothing was changed.",
    remedy: {
      text: "Wait for it and run again. Who it is:",
      command: `kubectl get lease ${LEASE.name} -n ${HOME} -o yaml`,
    },
    exitCode: 1,
  });
