import { setTimeout as sleepFor } from "node:timers/promises";
import { ApiError, type ClusterWrite, type LeaseAccess, type LockableCluster } from "../ports/cluster.ts";
import type { UserError } from "../ports/error.ts";
import { at, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { outage } from "../ports/outage.ts";
import { MANAGER } from "./inventory.ts";
import {
  busyLock,
  goneWithItsNamespace,
  isDenied,
  isSame,
  LEASE,
  LOCKED_IN,
  leaseHolder,
  lossOf,
  staleLock,
} from "./lease.ts";

/** Milliseconds (rule 10). */
export interface LockTimes {
  /** A holder counts as dead when whoever waits has seen no renewal for so long, by its own clock. */
  readonly duration: number;
  readonly renewEvery: number;
  /** Nothing is written when the last renewal is older. */
  readonly freshFor: number;
  readonly lookEvery: number;
}
export const LOCK_TIMES: LockTimes = { duration: 30_000, renewEvery: 10_000, freshFor: 20_000, lookEvery: 1_000 };

export interface LockOptions {
  /** Who we are, for people and for the Lease. */
  readonly holder: string;
  /** Whether that holder has certainly ended: then its Lease is taken over at once. */
  readonly isDead?: (holder: string) => boolean;
  readonly signal: AbortSignal;
  /** Gives up waiting for another installer after so long. */
  readonly timeoutMs: number;
  readonly onWaiting: (reason: string) => void;
  readonly times?: LockTimes;
  /** A monotonic clock in milliseconds. It runs on while this process is paused, which is how a pause is noticed. Default: performance.now. */
  readonly clock?: () => number;
  /** The time of day in milliseconds. It runs on while the machine sleeps, which the monotonic clock of Linux does not. Default: Date.now. */
  readonly wallClock?: () => number;
}

/** MicroTime has six digits. Only people and other tools read it; we decide by our own clock. */
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

/** After so many conflicts the renewal gives up: somebody else keeps writing to our Lease. */
const MOST_TRIES = 5;

const statusOf = (error: unknown): number => (error instanceof ApiError ? error.status : 0);

/**
 * Runs `work` while holding the Lease, so that two installers never write at once. A Lease cannot stop a process that was
 * paused; so each try of a write first looks at the age of our last renewal, and the writes themselves carry preconditions.
 * An answer that shows another Lease ends the run. No answer, or no right to renew, counts as no renewal: we stop writing after 20 seconds,
 * before others take over after 30. The namespace must exist.
 */
export const withLock = async <T>(
  cluster: LockableCluster,
  options: LockOptions,
  /** When the lock is lost, `lost` is aborted with the reason. `permit` throws that reason; it is called before each write elsewhere, as to the DNS. */
  work: (cluster: ClusterWrite, lost: AbortSignal, permit: () => Promise<void>) => Promise<T>,
): Promise<T> => {
  const { times = LOCK_TIMES, clock = () => performance.now(), wallClock = () => Date.now() } = options;
  const now = (): readonly [number, number] => [clock(), wallClock()];
  let lease = await acquire(cluster.lease, options, times, clock);
  let renewedAt = now();
  /** Something else was found in the Lease's place, and it is not known yet what. */
  let doubtful = false;
  let isOurs = true;
  /** We delete the Lease's namespace ourselves, so that losing the Lease with it is no loss. */
  let givenUp = false;
  const lost = new AbortController();
  const stop = new AbortController();

  const age = (): number => {
    const [at, atWall] = now();
    return Math.max(at - renewedAt[0], atWall - renewedAt[1]);
  };
  const isFresh = (): boolean => !doubtful && age() < times.freshFor;
  const end = (loss: UserError): void => {
    stop.abort();
    if (!givenUp) lost.abort(loss);
  };
  const throwIfLost = (): void => {
    if (lost.signal.aborted) throw lost.signal.reason;
  };
  const renew = async (): Promise<void> => {
    for (let tries = 1; ; tries++) {
      const before = now();
      const wanted = { ...lease, spec: { ...(lease.spec as object), renewTime: microTime() } };
      const answer = await cluster.lease.replace(wanted, MANAGER).catch((error: unknown) => {
        if (![404, 409, 410].includes(statusOf(error)) || tries > MOST_TRIES) throw error;
        doubtful = true;
        return undefined;
      });
      const live = answer ?? (await cluster.lease.get(LEASE));
      const loss = await lossOf(lease, live, cluster.lease, age() >= times.duration);
      if (loss) {
        isOurs = false;
        return end(loss);
      }
      // Still ours, with another version: the answer to a renewal was lost, or somebody has annotated the Lease.
      if (live) lease = live;
      doubtful = false;
      if (!answer) continue;
      renewedAt = before;
      return;
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
      if (stop.signal.aborted) return;
      await renewOnce().catch((error: unknown) => {
        // The run ends now, not only when its next write is refused.
        if (isDenied(error) && !isFresh()) end(staleLock(error));
      });
    }
  };
  const permit = async (): Promise<void> => {
    throwIfLost();
    // The deletion of the namespace is sent again when its answer was lost.
    if (givenUp && !isOurs) return;
    if (!isFresh())
      await renewOnce().catch((error: unknown) => {
        // The write waits for the cluster; the next renewal finds out whether somebody took over meanwhile.
        if (outage(error)) throw error;
        end(staleLock(error));
      });
    throwIfLost();
    if (!isFresh()) throw staleLock(undefined);
  };
  /** Where its namespace is gone, so is the lock: that says more than the refusal of what was to be written there. */
  const orLost = async <R>(object: KubeObject, writing: Promise<R>): Promise<R> => {
    try {
      return await writing;
    } catch (error) {
      if (object.metadata.namespace === LEASE.namespace && isNamespaceGoing(error)) {
        await renewOnce().catch(() => {});
        throwIfLost();
      }
      throw error;
    }
  };
  const guarded = cluster.guarded(permit);
  const held: ClusterWrite = {
    ...guarded,
    apply: (object, options) => orLost(object, guarded.apply(object, options)),
    create: (object, manager) => orLost(object, guarded.create(object, manager)),
    remove: (ref, preconditions) => {
      givenUp ||= isHome(ref);
      return guarded.remove(ref, preconditions);
    },
  };

  const keeping = keep();
  try {
    return await work(held, lost.signal, permit);
  } finally {
    stop.abort();
    await keeping;
    await renewing?.catch(() => {});
    if (isOurs) await release(cluster.lease, lease);
  }
};

const isHome = ({ kind, name }: ObjectRef): boolean => kind === LOCKED_IN.kind && name === LOCKED_IN.name;

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
      const other = leaseHolder(live);
      const version = live.metadata.resourceVersion ?? "";
      if (version !== seen.version) seen = { version, since: clock() };
      const silent = clock() - seen.since;
      const isFree = !other || other === options.holder || silent >= times.duration || options.isDead?.(other);
      // One that is being deleted goes, whoever holds it.
      if (isFree && !live.metadata.deletionTimestamp) {
        const transitions = Number(at(live, "spec", "leaseTransitions") ?? 0) + 1;
        // resourceVersion decides when two take over at once.
        return await access.replace({ ...live, spec: spec(options.holder, times, transitions) }, MANAGER);
      }
      if (clock() - began > options.timeoutMs) throw busyLock(other);
      options.onWaiting(
        live.metadata.deletionTimestamp
          ? "the Lease of an earlier installer is being deleted"
          : `another installer (${other}) is at work; it is taken for dead after ${times.duration / 1000} s without a sign`,
      );
    } catch (error) {
      if (isNamespaceGoing(error)) throw goneWithItsNamespace();
      if (statusOf(error) !== 409) throw error;
    }
    await sleepFor(times.lookEvery, undefined, { signal: options.signal }).catch(() => {});
  }
};

/** The answers to a create in a namespace that is being deleted, or is gone. */
const isNamespaceGoing = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.status === 404 || (error.status === 403 && /because it is being terminated/.test(error.message)));

const leaseFor = (content: Record<string, unknown>): KubeObject => ({
  apiVersion: LEASE.apiVersion,
  kind: LEASE.kind,
  metadata: { namespace: LEASE.namespace ?? "", name: LEASE.name },
  spec: content,
});

/** Deletes our own Lease only: uid and resourceVersion protect one that somebody has taken over. */
const release = async (access: LeaseAccess, lease: KubeObject): Promise<void> => {
  const remove = ({ metadata: { uid = "", resourceVersion = "" } }: KubeObject): Promise<boolean> =>
    access.remove(LEASE, { uid, resourceVersion });
  try {
    await remove(lease).catch(async (error: unknown) => {
      const live = statusOf(error) === 409 ? await access.get(LEASE) : undefined;
      // Its version moved on with a renewal whose answer was lost.
      if (live && isSame(lease, live)) await remove(live);
    });
  } catch {
    // The Lease runs out by itself.
  }
};
