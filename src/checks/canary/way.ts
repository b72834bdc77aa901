import { at, type KubeObject, numberAt, type ObjectRef, textAt } from "../../ports/object.ts";
import type { Standing } from "./context.ts";

const KINGRESS = { apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" };

/** What the ingress says of where it answers from outside. Every implementation writes it, by the name of its gateway's Service. */
export interface Published {
  readonly kingress: ObjectRef;
  /** Undefined: it names no Service. */
  readonly service: ObjectRef | undefined;
}

export const publishedBy = async ({ ctx }: Standing): Promise<Published> => {
  const { namespace = "", name } = ctx.canary.service;
  const kingress = { ...KINGRESS, namespace, name };
  const live = await ctx.cluster.get(kingress);
  const entry = at(live, "status", "publicLoadBalancer", "ingress", 0);
  const [service, space, svc] = textAt(entry, "domainInternal").split(".");
  const isService = Boolean(service && space) && (svc === undefined || svc === "svc");
  return {
    kingress,
    service:
      isService && service && space
        ? { apiVersion: "v1", kind: "Service", namespace: space, name: service }
        : undefined,
  };
};

/** The port of a pod behind a port of a Service. Undefined: there is none. */
export const targetPort = (service: KubeObject, port: number, pod: KubeObject): number | undefined => {
  const entry = portsOf(service).find((one) => numberAt(one, "port") === port);
  const target = at(entry, "targetPort") ?? at(entry, "port");
  if (typeof target === "number") return target;
  const containers = at(pod, "spec", "containers");
  return (Array.isArray(containers) ? containers : [])
    .flatMap((container) => at(container, "ports") ?? [])
    .filter((one) => textAt(one, "name") === target)
    .map((one) => numberAt(one, "containerPort"))
    .find((one) => one !== undefined);
};

const portsOf = (service: KubeObject | undefined): readonly unknown[] => {
  const ports = at(service, "spec", "ports");
  return Array.isArray(ports) ? ports : [];
};

/** The port for plain http: 80, else the one that is called so. */
export const plainPort = (service: KubeObject | undefined): number | undefined => {
  const ports = portsOf(service);
  const plain =
    ports.find((one) => numberAt(one, "port") === 80) ?? ports.find((one) => /^http2?$/.test(textAt(one, "name")));
  return numberAt(plain, "port");
};
