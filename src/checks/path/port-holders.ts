import { hostsOf } from "../../ingress/address.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, describe, isRecord, type KubeObject, keyOf, numberAt, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";

/** The ports under which Services of Knative are asked for. */
const PORTS = [80, 443];

/** Of these ports, those that a Service of type LoadBalancer has. */
const portsOf = (service: KubeObject): readonly number[] => {
  const ports = at(service, "spec", "ports");
  return (Array.isArray(ports) ? ports : [])
    .filter((port) => isRecord(port) && (port.protocol ?? "TCP") === "TCP")
    .flatMap((port) => numberAt(port, "port") ?? [])
    .filter((port) => PORTS.includes(port));
};

/** Other Services of type LoadBalancer that have an address, and port 80 or 443 at it. `sharing`: only at one of these addresses. */
export const holdersOf = (
  services: readonly KubeObject[],
  own: KubeObject,
  sharing?: readonly string[],
): readonly { readonly service: KubeObject; readonly port: number }[] =>
  services
    .filter((service) => keyOf(service) !== keyOf(own) && textAt(service, "spec", "type") === "LoadBalancer")
    .filter((service) => hostsOf(service).some((host) => sharing === undefined || sharing.includes(host)))
    .flatMap((service) => {
      const port = portsOf(service).find((one) => portsOf(own).includes(one));
      return port === undefined ? [] : [{ service, port }];
    });

/** How its port is had back. Of k3s it is known who makes the Service anew. */
export const release = (holder: KubeObject): Remedy => {
  const { name, namespace } = holder.metadata;
  const isOfK3s = name === "traefik" && namespace === "kube-system";
  return {
    text: isOfK3s
      ? "k3s brings Traefik along. Start k3s with --disable traefik where nothing else needs it; until the next start this is enough:"
      : `Give ${describe(holder)} other ports or an address of its own, or keep it inside the cluster:`,
    command: sh`kubectl patch service ${name} ${inNamespace(namespace)} --type merge -p ${INSIDE}`,
  };
};

const INSIDE = JSON.stringify({ spec: { type: "ClusterIP" } });
