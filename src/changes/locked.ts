import type { Plan } from "../core/change.ts";
import { errorOf, isBad } from "../core/finding-error.ts";
import type { Report } from "../core/run.ts";
import { earlierGone } from "../kube/gone.ts";
import { HOME } from "../kube/home.ts";
import { type LockOptions, withLock } from "../kube/lock.ts";
import { createMemory } from "../kube/prior.ts";
import { creation } from "../kube/reconcile.ts";
import { until } from "../kube/watching.ts";
import type { ClusterWrite } from "../ports/cluster.ts";
import type { Remedy } from "../ports/error.ts";
import type { KubeObject, ObjectRef } from "../ports/object.ts";
import { type SealedCluster, type SealedZones, unseal } from "../ports/sealed.ts";
import type { ZonesWrite } from "../ports/zones.ts";
import { applyChange } from "./apply.ts";
import { challengesIn } from "./challenges.ts";
import { type RunTools, run } from "./run.ts";
import type { Step } from "./step.ts";

export interface LockedTools extends Omit<RunTools, "cluster" | "zones" | "remember"> {
  readonly cluster: SealedCluster;
  /** Absent: nothing that is planned writes records. */
  readonly zones?: SealedZones;
  /** The namespace of the lock, as the plan makes it. Absent: it is not made; where it is not there, no other installer of ours is at work. */
  readonly home?: KubeObject;
  /** Who this installer is, for others that find the lock taken; and what is known of them. */
  readonly holder: { readonly name: string; readonly isDead: (name: string) => boolean };
}

const HOME_NAMESPACE: ObjectRef = { apiVersion: "v1", kind: "Namespace", name: HOME };

/** Runs an agreed plan as {@link run} does, and holds the lock from the first write to the last. */
export const runLocked = async (plan: Plan, steps: readonly Step[], tools: LockedTools): Promise<Report> => {
  const { zones: sealedZones, ...others } = tools;
  const { home, holder, timeoutMs, emit } = others;
  const cluster = unseal(tools.cluster);
  const zones = sealedZones && unseal(sealedZones);
  const toolsFor = (held: ClusterWrite, signal: AbortSignal, writing: ZonesWrite | undefined): RunTools => ({
    ...others,
    ...(writing ? { zones: writing } : {}),
    cluster: held,
    signal,
    remember: createMemory(held),
  });
  const alone = toolsFor(cluster, tools.signal, zones);
  const live = await cluster.get(HOME_NAMESPACE);
  if (live?.metadata.deletionTimestamp) await homeGone(tools);
  if (!live || live.metadata.deletionTimestamp) {
    // Somebody deleted the lock's namespace: an uninstall does not bring it back.
    if (plan.goal === "absent" || !home) return run(plan, steps, alone);
    // The plan's first change, made a moment early.
    await applyChange(creation(home), { ...alone, challenges: challengesIn(undefined), onWaiting: () => {} });
  }
  const lock: LockOptions = {
    holder: holder.name,
    isDead: holder.isDead,
    signal: tools.signal,
    timeoutMs,
    onWaiting: (reason) => emit({ type: "waiting", step: "lock", check: "lock.free", reason }),
  };
  return withLock(cluster, lock, (held, lost, permit) =>
    run(plan, steps, toolsFor(held, AbortSignal.any([tools.signal, lost]), zones && guarded(zones, permit))),
  );
};

export type AsideTools = Omit<LockedTools, "home" | "holder">;

/**
 * Runs a plan of what no other run writes: what is there for this run alone, or what a diagnosis publishes. No lock is taken: it would need
 * a namespace and rights that looking at somebody else's cluster does not, and hold up an install.
 */
export const runAside = (plan: Plan, steps: readonly Step[], tools: AsideTools): Promise<Report> => {
  const { zones: _zones, ...others } = tools;
  const cluster = unseal(tools.cluster);
  return run(plan, steps, { ...others, cluster, remember: createMemory(cluster) });
};

/** The lock cannot be made in a namespace that is going away. */
const homeGone = async (tools: LockedTools): Promise<void> => {
  const onReason = (reason: string, remedy: Remedy): void =>
    tools.emit({ type: "waiting", step: "lock", check: "lock.namespace", reason, remedy });
  const check = earlierGone(HOME_NAMESPACE);
  const finding = await until(check, tools, { timeoutMs: tools.timeoutMs, onReason });
  if (isBad(finding))
    throw errorOf({ id: "lock.namespace" }, finding, {
      why: "The lock and the state lie in it. Nothing was changed.",
      kind: "failed",
    });
};

/** Records, like objects, are written only while the lock is ours. */
const guarded = (zones: ZonesWrite, permit: () => Promise<void>): ZonesWrite => ({
  ...zones,
  change: async (...change) => {
    await permit();
    return zones.change(...change);
  },
  withdraw: async (...values) => {
    await permit();
    return zones.withdraw(...values);
  },
});
