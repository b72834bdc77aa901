/** Controllers without which a cluster is not one: namespaces, service accounts, garbage, aggregated roles, quotas. */

import type { Cluster } from "./cluster.ts";
import { aggregateClusterRoles } from "./cluster-roles.ts";
import { collectGarbage } from "./garbage.ts";
import { endNamespaces } from "./namespaces.ts";
import { measureQuotas } from "./quotas.ts";
import { provideAccounts } from "./service-accounts.ts";

/** Resolves with the function that stops them. */
export async function startControllers(cluster: Cluster): Promise<() => void> {
  const stops = [
    await provideAccounts(cluster),
    endNamespaces(cluster),
    collectGarbage(cluster),
    aggregateClusterRoles(cluster),
    measureQuotas(cluster),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
