import { isPodReady, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";

/** Istio's own pods, told by what they run: names, namespaces and how many there are differ from one installation to another. */

const containersOf = (pod: Obj): readonly Obj[] => pod.spec.containers;

export const isIstiod = (pod: Obj): boolean => containersOf(pod).some(({ name }) => name === "discovery");

/** Filled in by istiod when the pod is made. */
export const isToBeInjected = ({ metadata }: Obj): boolean =>
  metadata.annotations?.["inject.istio.io/templates"] === "gateway";

export const isIngressGateway = (pod: Obj): boolean =>
  containersOf(pod).some(
    ({ name, args = [] }) => name === "istio-proxy" && (args.includes("router") || isToBeInjected(pod)),
  );

export const istiods = ({ api }: Stage): readonly Obj[] =>
  api.list("v1", "Pod").filter((pod) => isIstiod(pod) && isPodReady(pod));

/** `29` of an image like pilot:1.29.2; the newest where it says nothing. */
export const istioMinor = (istiod: Obj | undefined): number => {
  const image = istiod && containersOf(istiod).find(({ name }) => name === "discovery")?.image;
  const [, minor] = /:1\.(\d+)/.exec(image ?? "") ?? [];
  return minor === undefined ? Number.POSITIVE_INFINITY : Number(minor);
};
