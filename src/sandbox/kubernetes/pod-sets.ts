import {
  contentHash,
  isPodReady,
  isTrue,
  keyOf,
  keysOfKind,
  keysOfOwner,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { claimsOf } from "./claims.ts";
import { fitsNode } from "./node-affinity.ts";
import { createPod, podsOf } from "./templates.ts";

const MANAGER = "kube-controller-manager";
const HASH = "controller-revision-hash";

/** StatefulSets and DaemonSets: pods under fixed names, replaced in place when the template changes. */
interface PodSet {
  readonly kind: "StatefulSet" | "DaemonSet";
  /** Name, labels and spec of each pod that should be there. */
  readonly members: (set: Obj) => { name: string; spec?: Record<string, unknown>; labels?: Record<string, string> }[];
  readonly status: (set: Obj, counts: { wanted: number; there: number; updated: number; ready: number }) => object;
}

const podSet = (stage: Stage, { kind, members, status }: PodSet): Reconciler => {
  const { api } = stage;
  return {
    name: kind.toLowerCase(),
    keys: (event) => [
      ...keysOfKind(event, "apps/v1", kind),
      ...(event.object.kind === "Pod" ? keysOfOwner(event, kind) : []),
      ...(kind === "DaemonSet" && event.object.kind === "Node" ? api.list("apps/v1", kind).map(keyOf) : []),
    ],
    reconcile: async (key) => {
      const set = api.get(refAt("apps/v1", kind, key));
      if (!set || set.metadata.deletionTimestamp) return undefined;
      const hash = contentHash(set.spec.template, 10);
      const wanted = members(set);
      const isCurrent = (pod: Obj): boolean =>
        pod.metadata.labels?.[HASH] === hash && wanted.some(({ name }) => name === pod.metadata.name);
      for (const pod of podsOf(stage, set)) if (!isCurrent(pod)) await api.remove(refOf(pod));
      const there = new Set(podsOf(stage, set).map((pod) => pod.metadata.name));
      for (const { name, spec, labels } of wanted) {
        if (there.has(name)) continue;
        for (const claim of kind === "StatefulSet" ? claimsOf(set, name) : [])
          if (!api.get(refOf(claim))) await api.create(MANAGER, claim);
        const refusal = await createPod(
          stage,
          set,
          { name },
          { labels: { ...labels, [HASH]: hash }, spec: spec ?? {} },
        );
        // The account may still come; upstream retries a refused pod with back-off.
        if (refusal !== undefined) return 10 * stage.second;
      }
      const pods = podsOf(stage, set);
      const counts = {
        wanted: wanted.length,
        there: pods.length,
        updated: pods.filter(isCurrent).length,
        ready: pods.filter(isPodReady).length,
      };
      await api.update(
        MANAGER,
        refOf(set),
        (draft) => {
          draft.status = { ...status(set, counts), observedGeneration: set.metadata.generation };
        },
        { subresource: "status" },
      );
      return undefined;
    },
  };
};

/** Those of the template, and its claims under the names of the templates. */
const volumesOf = (set: Obj, pod: string): readonly Obj[] => [
  ...((set.spec.template.spec.volumes ?? []) as Obj[]),
  ...(((set.spec.volumeClaimTemplates ?? []) as Obj[]).map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${pod}` },
  })) as unknown as Obj[]),
];

export const statefulSets = (stage: Stage): Reconciler =>
  podSet(stage, {
    kind: "StatefulSet",
    members: (set) =>
      Array.from({ length: set.spec.replicas ?? 1 }, (_, ordinal) => {
        const name = `${set.metadata.name}-${ordinal}`;
        return {
          name,
          labels: { "statefulset.kubernetes.io/pod-name": name },
          spec: { hostname: name, volumes: volumesOf(set, name) },
        };
      }),
    status: (set, { there, updated, ready }) => {
      const hash = contentHash(set.spec.template, 10);
      const revision = `${set.metadata.name}-${hash}`;
      return {
        replicas: there,
        readyReplicas: ready,
        availableReplicas: ready,
        currentReplicas: updated,
        updatedReplicas: updated,
        currentRevision: revision,
        updateRevision: revision,
        collisionCount: 0,
      };
    },
  });

export const daemonSets = (stage: Stage): Reconciler =>
  podSet(stage, {
    kind: "DaemonSet",
    members: (set) =>
      stage.api
        .list("v1", "Node")
        .filter((node) => isTrue(node, "Ready") && fitsNode(set.spec.template.spec, node))
        .map((node) => ({
          name: `${set.metadata.name}-${contentHash([set.metadata.uid, node.metadata.uid], 5)}`,
          spec: { nodeName: node.metadata.name },
        })),
    status: (_set, { wanted, there, updated, ready }) => ({
      desiredNumberScheduled: wanted,
      currentNumberScheduled: there,
      updatedNumberScheduled: updated,
      numberReady: ready,
      ...(ready > 0 ? { numberAvailable: ready } : {}),
      ...(wanted > ready ? { numberUnavailable: wanted - ready } : {}),
      numberMisscheduled: 0,
    }),
  });
