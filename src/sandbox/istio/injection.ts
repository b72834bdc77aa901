import type { Obj } from "../types.ts";
import { isToBeInjected } from "./workloads.ts";

/** What istiod's injector makes of a pod that is a gateway by its template: Envoy, from where istiod itself comes. */
export const inject = (pod: Obj, istiod: Obj): { readonly object: Obj } | undefined => {
  if (!isToBeInjected(pod)) return undefined;
  const own: string = (istiod.spec.containers as Obj[]).find(({ name }) => name === "discovery")?.image ?? "";
  const image = own.replace(/pilot(?=[:@])/, "proxyv2");
  const containers = (pod.spec.containers as Obj[]).map((container) =>
    container.name === "istio-proxy" && container.image === "auto"
      ? { ...container, image, args: ["proxy", "router", ...(container.args ?? [])] }
      : container,
  );
  return { object: { ...pod, spec: { ...pod.spec, containers } } };
};
