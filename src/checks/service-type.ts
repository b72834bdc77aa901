import { type Check, fail, ok, skipped } from "../core/check.ts";
import type { Exposure } from "../ingress/address.ts";
import { NODE_PORTS } from "../ingress/gateway-service.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { ownerOf } from "../kube/inventory.ts";
import { at, describe, type KubeObject, numberAt, textAt } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";

const TYPES = { loadbalancer: "LoadBalancer", nodeport: "NodePort" } as const;

const BALANCED = JSON.stringify({ spec: { type: TYPES.loadbalancer } });

/** What its type gives: an address of its own, or the nodes' ports that records and proof go by. */
const isReached = (service: KubeObject, { expose, address }: Exposure): boolean => {
  const type = textAt(service, "spec", "type") || "ClusterIP";
  // Whoever names the address has put something of their own before it.
  if (expose === "loadbalancer") return type === TYPES.loadbalancer || address !== undefined;
  const ports = at(service, "spec", "ports");
  const nodePorts = (Array.isArray(ports) ? ports : []).map((port) => numberAt(port, "nodePort"));
  return type !== "ClusterIP" && Object.values(NODE_PORTS).every((port) => nodePorts.includes(port));
};

/** @param isPlanned whether an install comes that writes the Service, where it is ours */
const judged = (exposure: Exposure, { service: ref }: IngressProvider, isPlanned: boolean): Check => ({
  id: "ingress.service-type",
  title: "The gateway's Service is reached as --expose says",
  run: async ({ cluster }) => {
    const service = await cluster.get(ref);
    if (!service) return skipped(`there is no ${describe(ref)} yet`);
    if (isPlanned && ownerOf(service) !== undefined)
      return skipped(`${describe(ref)} is ours, and the plan says how it is reached`);
    const type = textAt(service, "spec", "type") || "ClusterIP";
    const wanted = TYPES[exposure.expose];
    if (isReached(service, exposure)) return ok(type);
    const ports = `ports ${NODE_PORTS.http} and ${NODE_PORTS.https}`;
    const lacks = exposure.expose === "loadbalancer" ? "which gets no address" : `without the nodes' ${ports}`;
    return fail(
      `${describe(ref)} is of type ${type}, ${lacks}, and --expose ${exposure.expose} was chosen`,
      exposure.expose === "loadbalancer"
        ? {
            text: "Give it the type LoadBalancer, or say with --address where it is reached:",
            command: sh`kubectl patch service ${ref.name} ${inNamespace(ref.namespace)} --patch ${BALANCED}`,
          }
        : {
            text: `Give it the type NodePort, with ${ports} for its 80 and 443:`,
            command: sh`kubectl edit service ${ref.name} ${inNamespace(ref.namespace)}`,
          },
      { evidence: [{ object: ref, field: ".spec.type", observed: type, expected: wanted }] },
    );
  },
});

export const serviceType = (exposure: Exposure, ingress: IngressProvider): Check => judged(exposure, ingress, true);

export const serviceTypeFound = healthCheck({
  id: "ingress.service-type",
  title: "The gateway's Service is reached as --expose says",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Service"],
  meaning: "Somebody has changed the type of the gateway's Service: it gets no address, or other ports of the nodes.",
  todo: "Run install again, which gives our own Service its type back; another one's is patched as the finding says.",
  run: async (ctx, memory) => {
    const { ingress, className, exposure, choices } = await findInstallation(ctx.cluster);
    // An ingress for the inside alone, or behind something else, is nobody's mistake.
    if (Object.keys(choices).length === 0) return skipped("how it is to be reached was not chosen by kn-bootstrap");
    if (!ingress) return skipped(`the ingress class is ${className}, which is none of ours`);
    return judged(exposure, ingress, false).run(ctx, memory);
  },
});
