import type { Product } from "../kube/product.ts";
import type { Kind } from "../kube/snapshot.ts";
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

/** The one that was chosen, with its gateway where that is somebody else's. */
export const chosenIngress = ({
  ingress,
  istioGateway,
}: {
  readonly ingress: string;
  readonly istioGateway?: string;
}): IngressProvider => {
  const provider = ingressProvider(ingress);
  return (istioGateway !== undefined && provider.adoption?.at(istioGateway)) || provider;
};

/**
 * The one whose class Knative has, as the state ConfigMap's choices tell of it. Undefined: it is none that we know.
 */
export const ingressOfClass = (
  className: string,
  choices: Readonly<Record<string, unknown>>,
): IngressProvider | undefined => {
  const provider = providers.find((one) => one.className === className);
  const gateway = choices["istio-gateway"];
  return (
    provider &&
    chosenIngress({ ingress: provider.id, ...(typeof gateway === "string" ? { istioGateway: gateway } : {}) })
  );
};

/** Of objects that only one of them brings, to find what it has left. */
export const ingressKinds: readonly Kind[] = providers.flatMap(({ kinds = [] }: IngressProvider) => kinds);

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
