import type { Product } from "../kube/product.ts";
import { UserError } from "../ports/error.ts";
import { istio } from "./istio/index.ts";
import { kourier } from "./kourier.ts";
import type { IngressProvider } from "./provider.ts";

/** Every ingress that can be chosen. A new one is a file beside this one and a line here. */
const providers = [kourier, istio] as const satisfies readonly IngressProvider[];

export type IngressId = (typeof providers)[number]["id"];

export const ids: readonly IngressId[] = providers.map(({ id }) => id);

/** Of every ingress: another one may have been chosen before. */
export const ingressProducts: readonly Product[] = providers.flatMap(({ products }) => products);

export const ingressProvider = (id: string): IngressProvider => {
  const found = providers.find((provider) => provider.id === id);
  if (!found)
    throw new UserError({
      id: "ingress.unknown",
      what: `There is no ingress "${id}".`,
      remedy: `Choose one of ${ids.join(", ")}.`,
      kind: "input",
    });
  return found;
};
