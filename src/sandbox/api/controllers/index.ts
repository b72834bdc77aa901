/** Controllers without which a cluster is not one: namespaces, service accounts, garbage, aggregated roles, quotas. */

import type { World } from "../call.ts";
import type { Client } from "../client.ts";
import type { Registry } from "../registry.ts";
import { aggregateClusterRoles } from "./cluster-roles.ts";
import { collectGarbage } from "./garbage.ts";
import { endNamespaces } from "./namespaces.ts";
import { measureQuotas } from "./quotas.ts";
import { provideAccounts } from "./service-accounts.ts";

export interface Cluster {
  readonly client: Client;
  readonly world: World;
  readonly registry: Registry;
  /** PEM, for kube-root-ca.crt. */
  readonly ca: string;
  /** Of the server, e.g. `v1.36.2`. */
  readonly version: string;
  /** Milliseconds that one second lasts. */
  readonly second: number;
}

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
