import {
  type Condition,
  contentHash,
  isOwnedBy,
  isPodActive,
  isPodTerminating,
  keysOfKind,
  keysOfOwner,
  mergeConditions,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { deploymentOf } from "./processes.ts";
import { countsTerminating, podsOf, portionOf } from "./templates.ts";

const MANAGER = "kube-controller-manager";
const REVISION = "deployment.kubernetes.io/revision";
const DESIRED = "deployment.kubernetes.io/desired-replicas";
const MOST = "deployment.kubernetes.io/max-replicas";

/**
 * Deployments by ReplicaSets. A roll starts all new pods, then ends the old ones once the new are ready (upstream moves in
 * steps of maxSurge; the end and every failure in between are the same).
 */
export const deployments = (stage: Stage): Reconciler => {
  const { api } = stage;
  const progress = new Map<string, { mark: string; since: number }>();

  /** How many a ReplicaSet is told that there may be: it finds its share by these when a roll is under way. */
  const boundsOf = ({ spec }: Obj): Record<string, string> => {
    const wanted: number = spec.replicas ?? 1;
    const surge = portionOf(spec.strategy?.rollingUpdate?.maxSurge, wanted, Math.ceil);
    return { [DESIRED]: String(wanted), [MOST]: String(wanted + surge) };
  };

  const makeReplicaSet = (deployment: Obj, hash: string, revision: number, replicas: number): Promise<Obj> => {
    const template = structuredClone(deployment.spec.template);
    const labels = { ...template.metadata?.labels, "pod-template-hash": hash };
    return api.create(MANAGER, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace ?? "",
        labels,
        annotations: { ...boundsOf(deployment), [REVISION]: String(revision) },
        ownerReferences: [ownerReference(deployment)],
      },
      spec: {
        replicas,
        selector: { matchLabels: { ...deployment.spec.selector?.matchLabels, "pod-template-hash": hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
  };

  const scale = async (deployment: Obj, set: Obj, replicas: number): Promise<Obj> => {
    if (set.spec.replicas === replicas) return set;
    const scaled = await api.update(MANAGER, refOf(set), (draft) => {
      draft.spec.replicas = replicas;
      draft.metadata.annotations = { ...draft.metadata.annotations, ...boundsOf(deployment) };
    });
    return scaled ?? set;
  };

  const roll = async (deployment: Obj, sets: readonly Obj[]): Promise<Obj> => {
    const hash = contentHash(deployment.spec.template, 10);
    const revisions = sets.map((set) => Number(set.metadata.annotations?.[REVISION] ?? 0));
    const existing = sets.find((set) => set.metadata.labels?.["pod-template-hash"] === hash);
    const next = Math.max(0, ...revisions) + (existing ? 0 : 1);
    const wanted: number = deployment.spec.replicas ?? 1;
    const recreate = deployment.spec.strategy?.type === "Recreate";
    // Those on their way out count: Recreate waits until the last of them is gone.
    const oldPods = sets
      .filter((set) => set !== existing)
      .flatMap((set) => podsOf(stage, set))
      .filter((pod) => isPodActive(pod) || isPodTerminating(pod)).length;
    const start = recreate && oldPods > 0 ? 0 : wanted;
    let current = existing ?? (await makeReplicaSet(deployment, hash, next, start));
    if (existing && Number(existing.metadata.annotations?.[REVISION]) < next) {
      const raised = await api.update(MANAGER, refOf(existing), (draft) => {
        draft.metadata.annotations = { ...draft.metadata.annotations, [REVISION]: String(next + 1) };
      });
      current = raised ?? current;
    }
    const old = sets.filter((set) => set.metadata.uid !== current.metadata.uid);
    if (!recreate || oldPods === 0) current = await scale(deployment, current, wanted);
    if (recreate || (current.status?.availableReplicas ?? 0) >= wanted) {
      for (const set of old) await scale(deployment, set, 0);
    }
    const spare = old.filter((set) => set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0);
    const surplus = spare.length - (deployment.spec.revisionHistoryLimit ?? 10);
    spare.sort((a, b) => Number(a.metadata.annotations?.[REVISION]) - Number(b.metadata.annotations?.[REVISION]));
    for (const set of spare.slice(0, Math.max(0, surplus))) await api.remove(refOf(set));
    return current;
  };

  const timedOut = (deployment: Obj, mark: string): boolean => {
    const uid = deployment.metadata.uid ?? "";
    const seen = progress.get(uid);
    if (seen?.mark !== mark) {
      progress.set(uid, { mark, since: performance.now() });
      return false;
    }
    const deadline = (deployment.spec.progressDeadlineSeconds ?? 600) * stage.second;
    return performance.now() - seen.since > deadline;
  };

  const statusOf = (deployment: Obj, current: Obj, sets: readonly Obj[]) => {
    const sum = (field: string): number => sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
    const wanted: number = deployment.spec.replicas ?? 1;
    const replicas = sum("replicas");
    const updated: number = current.status?.replicas ?? 0;
    const available = sum("availableReplicas");
    const rolling = deployment.spec.strategy?.rollingUpdate;
    const surge = portionOf(rolling?.maxSurge, wanted, Math.ceil);
    const unavailable = portionOf(rolling?.maxUnavailable, wanted, Math.floor);
    const tolerated = surge === 0 && unavailable === 0 ? 1 : unavailable;
    const complete = updated === wanted && replicas === wanted && available === wanted;
    const late =
      !complete && timedOut(deployment, `${deployment.metadata.generation} ${updated} ${replicas} ${available}`);
    if (complete) progress.delete(deployment.metadata.uid ?? "");
    const failure = sets
      .flatMap((set) => (set.status?.conditions ?? []) as Condition[])
      .find((condition) => condition.type === "ReplicaFailure");
    const name = `ReplicaSet "${current.metadata.name}"`;
    const conditions: Condition[] = [
      available >= wanted - tolerated
        ? {
            type: "Available",
            status: "True",
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
          }
        : {
            type: "Available",
            status: "False",
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
          },
      complete
        ? {
            type: "Progressing",
            status: "True",
            reason: "NewReplicaSetAvailable",
            message: `${name} has successfully progressed.`,
          }
        : late
          ? {
              type: "Progressing",
              status: "False",
              reason: "ProgressDeadlineExceeded",
              message: `${name} has timed out progressing.`,
            }
          : { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message: `${name} is progressing.` },
      ...(failure ? [failure] : []),
    ];
    const ready = sum("readyReplicas");
    const missing = Math.max(0, wanted - available);
    return {
      complete,
      late,
      counts: {
        observedGeneration: deployment.metadata.generation,
        ...(replicas > 0 ? { replicas } : {}),
        ...(updated > 0 ? { updatedReplicas: updated } : {}),
        ...(ready > 0 ? { readyReplicas: ready } : {}),
        ...(available > 0 ? { availableReplicas: available } : {}),
        ...(missing > 0 ? { unavailableReplicas: missing } : {}),
        ...(countsTerminating(stage) ? { terminatingReplicas: sum("terminatingReplicas") } : {}),
      },
      conditions,
    };
  };

  return {
    name: "deployment",
    keys: (event) => [
      ...keysOfKind(event, "apps/v1", "Deployment"),
      ...(event.object.kind === "ReplicaSet" ? keysOfOwner(event, "Deployment") : []),
      // The last pod that goes lets Recreate go on.
      ...(event.object.kind === "Pod" && event.type === "DELETED"
        ? [deploymentOf(event.object)].filter((key) => key !== undefined)
        : []),
    ],
    reconcile: async (key) => {
      const deployment = api.get(refAt("apps/v1", "Deployment", key));
      if (!deployment || deployment.metadata.deletionTimestamp) return undefined;
      const owned = () =>
        api.list("apps/v1", "ReplicaSet", deployment.metadata.namespace).filter((set) => isOwnedBy(set, deployment));
      const current = await roll(deployment, owned());
      const { complete, late, counts, conditions } = statusOf(deployment, current, owned());
      await api.update(
        MANAGER,
        refOf(deployment),
        (draft) => {
          draft.metadata.annotations = {
            ...draft.metadata.annotations,
            [REVISION]: current.metadata.annotations?.[REVISION] ?? "1",
          };
          draft.status = { ...counts, conditions: mergeDeploymentConditions(draft.status?.conditions, conditions) };
        },
        { subresource: "status" },
      );
      return complete || late ? undefined : (deployment.spec.progressDeadlineSeconds ?? 600) * stage.second + 1;
    },
  };
};

/** Deployment conditions also carry lastUpdateTime, which moves with every change of reason or message. */
const mergeDeploymentConditions = (before: readonly Condition[] | undefined, now: readonly Condition[]): Condition[] =>
  mergeConditions(before, now).map((condition) => {
    const old = before?.find(({ type }) => type === condition.type);
    const same =
      old?.status === condition.status && old.reason === condition.reason && old.message === condition.message;
    return { ...condition, lastUpdateTime: (same ? old?.lastUpdateTime : undefined) ?? condition.lastTransitionTime };
  });
