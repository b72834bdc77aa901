import { directoryOf } from "../certificates/index.ts";
import { inspect } from "../certificates/secret.ts";
import { textAt } from "../ports/object.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import type { HealthContext, Order, Reading } from "./health-check.ts";

/** What {@link orderIn} reads. */
export const ORDERED_BY = [...FOUND_BY, "Secret"] as const satisfies readonly Reading[];

/** What a renewal orders: as the run knows it, else as the cluster keeps it. Undefined: kn-bootstrap asks no CA here. */
export const orderIn = async ({ cluster, order }: HealthContext): Promise<Order | undefined> => {
  if (order) return order;
  const { tls, secret, root, choices } = await findInstallation(cluster);
  const acmeDirectory = textAt(choices, "acme-directory");
  const directory = tls && directoryOf({ tls, ...(acmeDirectory ? { acmeDirectory } : {}) });
  if (!directory || !secret) return undefined;
  const profile = textAt(choices, "acme-profile");
  return {
    names: inspect(await cluster.get(secret))?.names ?? [],
    directory,
    ...(profile ? { profile } : {}),
    ...(root ? { root } : {}),
  };
};
