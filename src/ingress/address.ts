import { isIP } from "node:net";
import { at } from "../ports/object.ts";
import type { Reader } from "../ports/reader.ts";
import { type IngressProvider, NODE_PORTS } from "./provider.ts";

/** Where the gateway answers. */
export interface Address {
  /** IP address or host name. */
  readonly host: string;
  readonly http: number;
  readonly https: number;
  /** For people: how we know. */
  readonly source: string;
}

/** The part of the configuration that decides it. */
export interface Exposure {
  readonly expose: "loadbalancer" | "nodeport";
  readonly address?: string;
}

const STANDARD = { http: 80, https: 443 };

/**
 * `--address`, else what the LoadBalancer Service got, else (nodeport, rule 22) on kind the host's own loopback, else a node's
 * ExternalIP. Undefined: not known yet.
 */
export const findAddress = async (
  reader: Reader,
  config: Exposure,
  ingress: IngressProvider,
): Promise<Address | undefined> => {
  if (config.address) return { host: config.address, ...STANDARD, source: "--address" };
  if (config.expose === "loadbalancer") {
    const service = await reader.get(ingress.service);
    const host =
      at(service, "status", "loadBalancer", "ingress", 0, "ip") ??
      at(service, "status", "loadBalancer", "ingress", 0, "hostname");
    return typeof host === "string"
      ? { host, ...STANDARD, source: `LoadBalancer ${ingress.service.namespace}/${ingress.service.name}` }
      : undefined;
  }
  const nodes = await reader.list("v1", "Node");
  if (nodes.some((node) => String(at(node, "spec", "providerID") ?? "").startsWith("kind://"))) {
    return { host: "127.0.0.1", ...STANDARD, source: "kind (kind-config.yaml maps ports 80 and 443 of this machine)" };
  }
  for (const node of nodes) {
    const addresses = at(node, "status", "addresses");
    const external = Array.isArray(addresses)
      ? addresses.find((address) => at(address, "type") === "ExternalIP" && isIP(String(at(address, "address"))))
      : undefined;
    if (external)
      return {
        host: String(at(external, "address")),
        ...NODE_PORTS,
        source: `ExternalIP of node ${node.metadata.name}`,
      };
  }
  return undefined;
};
