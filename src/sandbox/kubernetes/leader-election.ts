import { randomUUID } from "node:crypto";
import type { Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj, Ref } from "../types.ts";
import { deploymentOf } from "./processes.ts";

/** The pods of one Deployment, which lead one at a time, as client-go's leaderelection holds its Leases. */
export interface Election {
  /** `namespace/name` */
  readonly deployment: string;
  /** Of the Leases; the Deployment's when absent. */
  readonly namespace?: string;
  readonly manager: string;
  /** Names, each held for itself. */
  readonly leases: () => readonly string[];
  /** How a pod signs; `<pod>_<uuid>` when absent. */
  readonly identity?: (pod: Obj) => string;
  readonly onLeading?: (lease: string, pod: Obj) => Promise<void>;
}

const DURATION_SECONDS = 60;
/** In seconds of the cluster: how long a released or lost Lease stays without a holder. */
const RETRY_SECONDS = 10;
/** By the clock on the wall, which the times in a Lease tell, so that none of a living process looks forgotten. */
const RENEW_MS = 10_000;

/**
 * A Lease is made as soon as the first pod runs, renewed while it does, and released by a pod that is asked to go; its deletion is
 * noticed at the next renewal. A pod that has gone without a word counts as one that has released.
 */
export const leaderElection = (stage: Stage, elections: readonly Election[]): Reconciler => {
  const { api, second } = stage;
  /** Lease → when it was found without its holder, in milliseconds of performance.now. */
  const vacant = new Map<string, number>();
  const held = new Set<string>();
  const identities = new Map<string, string>();

  const namespaceOf = ({ namespace, deployment }: Election): string => namespace ?? deployment.split("/")[0] ?? "";

  const candidates = ({ deployment }: Election): readonly Obj[] => {
    const running = (pod: Obj): boolean =>
      pod.metadata.deletionTimestamp === undefined &&
      (pod.status?.containerStatuses ?? []).some(({ state }: Obj) => state?.running);
    return api
      .list("v1", "Pod", deployment.split("/")[0])
      .filter((pod) => deploymentOf(pod) === deployment && running(pod));
  };

  const signatureOf = ({ identity }: Election, lease: string, pod: Obj): string => {
    if (identity) return identity(pod);
    const id = `${pod.metadata.uid} ${lease}`;
    const known = identities.get(id) ?? `${pod.metadata.name}_${randomUUID()}`;
    identities.set(id, known);
    return known;
  };

  /** Whether it is time to take what nobody holds. */
  const isRipe = (name: string): boolean => {
    const since = vacant.get(name) ?? performance.now();
    vacant.set(name, since);
    return performance.now() - since >= RETRY_SECONDS * second;
  };

  const lead = async (election: Election, ref: Ref, live: Obj | undefined, pod: Obj): Promise<number> => {
    const spec = {
      holderIdentity: signatureOf(election, ref.name, pod),
      leaseDurationSeconds: DURATION_SECONDS,
      acquireTime: microTime(),
      renewTime: microTime(),
      leaseTransitions: live ? (live.spec.leaseTransitions ?? 0) + 1 : 0,
    };
    if (!live) {
      const { apiVersion, kind, namespace = "", name } = ref;
      await api.create(election.manager, { apiVersion, kind, metadata: { namespace, name }, spec });
    } else
      await api.update(election.manager, ref, (draft) => {
        draft.spec = spec;
      });
    vacant.delete(ref.name);
    held.add(ref.name);
    await election.onLeading?.(ref.name, pod);
    return RENEW_MS;
  };

  /** Resolves to the milliseconds after which to look again. */
  const hold = async (election: Election, name: string): Promise<number | undefined> => {
    const ref = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: namespaceOf(election), name };
    const pods = candidates(election);
    const live = api.get(ref);
    const holder = String(live?.spec.holderIdentity ?? "");
    const leader = pods.find((pod) => holder !== "" && signatureOf(election, name, pod) === holder);
    if (leader) {
      if (Date.now() - Date.parse(live?.spec.renewTime) >= RENEW_MS)
        await api.update(election.manager, ref, (draft) => {
          draft.spec.renewTime = microTime();
        });
      return RENEW_MS;
    }
    if (live && holder !== "")
      await api.update(election.manager, ref, (draft) => {
        const now = microTime();
        draft.spec = { ...draft.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      });
    const [next] = pods;
    if (!next) return undefined;
    const isFirst = !live && !held.has(name);
    return isFirst || isRipe(name) ? await lead(election, ref, live, next) : RETRY_SECONDS * second;
  };

  return {
    name: "leader-election",
    keys: ({ object, type }) => {
      const { namespace, name } = object.metadata;
      if (object.kind === "Pod") {
        const deployment = deploymentOf(object);
        return elections.some((election) => election.deployment === deployment) && deployment ? [deployment] : [];
      }
      if (object.kind !== "Lease" || type !== "DELETED") return [];
      return elections
        .filter((election) => namespaceOf(election) === namespace && election.leases().includes(name))
        .map(({ deployment }) => deployment);
    },
    reconcile: async (key) => {
      const pauses: number[] = [];
      for (const election of elections.filter(({ deployment }) => deployment === key))
        for (const lease of election.leases()) {
          const pause = await hold(election, lease);
          if (pause !== undefined) pauses.push(pause);
        }
      return pauses.length > 0 ? Math.min(...pauses) : undefined;
    },
  };
};

/** RFC 3339 with the six digits of a MicroTime. */
const microTime = (): string => new Date().toISOString().replace("Z", "000Z");
