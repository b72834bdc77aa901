import type { ClusterRead } from "../../../ports/cluster.ts";
import { VERSION_LABEL } from "../../../ports/object.ts";
import { controller } from "../names.ts";

/** Of the net-istio that runs: `1.23.0`; undefined: none does, or it does not say. */
export const netIstioVersion = async (cluster: Pick<ClusterRead, "get">): Promise<string | undefined> =>
  (await cluster.get(controller))?.metadata.labels?.[VERSION_LABEL];
