import type { ClusterRead } from "../../../ports/cluster.ts";
import { at, isRecord } from "../../../ports/object.ts";
import { readerOf } from "../../../ports/reader.ts";
import { type FoundGateway, findIstio, isChosen, labelsIn } from "../found.ts";
import { SHARED } from "../names.ts";

/** Knative's Gateway for names outside the cluster, where it is there, and the pods that it chooses. */
export const servedBy = async (cluster: ClusterRead) => {
  const [gateway, { gateways }] = await Promise.all([cluster.get(SHARED), findIstio(readerOf(cluster))]);
  const selector = labelsIn(at(gateway, "spec", "selector"));
  const pods: readonly FoundGateway[] = gateway ? gateways.filter(({ labels }) => isChosen(labels, selector)) : [];
  return { gateway, pods };
};

/** The servers of a Gateway. */
export const serversOf = (gateway: unknown): readonly Readonly<Record<string, unknown>>[] => {
  const servers = at(gateway, "spec", "servers");
  return (Array.isArray(servers) ? servers : []).filter(isRecord);
};
