import type { ReadContext } from "../../core/check.ts";
import { type KubeObject, textAt } from "../../ports/object.ts";
import { FOUND_BY, type Found, findInstallation } from "../found.ts";
import type { Reading } from "../health-check.ts";
import { standingOf } from "../standing.ts";

/** What {@link entranceOf} reads. */
export const ENTERED_BY = [
  ...FOUND_BY,
  "Deployment.apps",
  "DaemonSet.apps",
  "Service",
  "Gateway.gateway.networking.k8s.io",
] as const satisfies readonly Reading[];

/** The Service of type LoadBalancer by which the gateway is reached. Undefined: it is reached in another way, or by nobody. */
export interface Entrance {
  readonly found: Found;
  readonly service: KubeObject | undefined;
}

export const entranceOf = async ({ cluster }: Pick<ReadContext, "cluster">): Promise<Entrance> => {
  const found = await findInstallation(cluster);
  const there = await standingOf(cluster, found);
  const service = there?.service && (await cluster.get(there.service));
  const isBalanced =
    service?.kind === "Service" &&
    textAt(service, "spec", "type") === "LoadBalancer" &&
    found.exposure.expose === "loadbalancer";
  return { found, service: isBalanced ? service : undefined };
};
