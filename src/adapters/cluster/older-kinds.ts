import type { ClusterRead } from "../../ports/cluster.ts";
import type { KubeObject } from "../../ports/object.ts";
import type { Discovery } from "./discovery.ts";

/**
 * Kinds that Kubernetes before 1.21 serves in an older version alone, in which the fields that are read here are the same. Source: the deprecated
 * API migration guide of Kubernetes, v1.25.
 */
const OLDER: Readonly<Record<string, string>> = {
  "discovery.k8s.io/v1 EndpointSlice": "discovery.k8s.io/v1beta1",
  "policy/v1 PodDisruptionBudget": "policy/v1beta1",
};

type Reads = Pick<ClusterRead, "get" | "list">;

/** The same reads, of what an old server has as of what is asked for. `maxAgeMs`: how old the news may be that it does not have it. */
export const readingOlder = ({ get, list }: Reads, discovery: Discovery, maxAgeMs: number): Reads => {
  const olderOf = async ({ apiVersion, kind }: Kind): Promise<string | undefined> => {
    const older = OLDER[`${apiVersion} ${kind}`];
    if (older === undefined || (await discovery.find(apiVersion, kind, maxAgeMs))) return undefined;
    return (await discovery.find(older, kind, maxAgeMs)) && older;
  };
  return {
    get: async (ref) => {
      const older = await olderOf(ref);
      if (older === undefined) return get(ref);
      const found = await get({ ...ref, apiVersion: older });
      return found && as(ref, found);
    },
    list: async (query) => {
      const older = await olderOf(query);
      if (older === undefined) return list(query);
      return (await list({ ...query, apiVersion: older })).map((object) => as(query, object));
    },
  };
};

type Kind = Pick<KubeObject, "apiVersion" | "kind">;

const as = ({ apiVersion }: Kind, object: KubeObject): KubeObject => ({ ...object, apiVersion });
