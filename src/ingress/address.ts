import { isIP } from "node:net";
import { at } from "../ports/object.ts";
import type { Reader } from "../ports/reader.ts";
import { type IngressProvider, NODE_PORTS } from "./provider.ts";

/** Where the gateway answers. */
export interface Address {
  /** IP address or host name; of several the first. */
  readonly host: string;
  /** All of them: what records point at, and where each handshake is proved. */
  readonly hosts: readonly string[];
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
  if (config.address) return addressOf([config.address], STANDARD, "--address");
  if (config.expose === "loadbalancer") {
    const service = await reader.get(ingress.service);
    const entries = at(service, "status", "loadBalancer", "ingress");
    const hosts = (Array.isArray(entries) ? entries : [])
      .map((entry) => at(entry, "ip") ?? at(entry, "hostname"))
      .filter((host) => typeof host === "string");
    return addressOf(hosts, STANDARD, `LoadBalancer ${ingress.service.namespace}/${ingress.service.name}`);
  }
  const nodes = await reader.list("v1", "Node");
  if (nodes.some((node) => String(at(node, "spec", "providerID") ?? "").startsWith("kind://"))) {
    return addressOf(["127.0.0.1"], STANDARD, "kind (kind-config.yaml maps ports 80 and 443 of this machine)");
  }
  const found = nodes.flatMap((node) => {
    const addresses = at(node, "status", "addresses");
    const external = (Array.isArray(addresses) ? addresses : []).find(
      (address) => at(address, "type") === "ExternalIP" && isIP(String(at(address, "address"))),
    );
    return external ? [{ host: String(at(external, "address")), node: node.metadata.name }] : [];
  });
  return addressOf(
    [...new Set(found.map(({ host }) => host))],
    NODE_PORTS,
    `ExternalIP of node ${found.map(({ node }) => node).join(", ")}`,
  );
};

const addressOf = (
  hosts: readonly string[],
  ports: { readonly http: number; readonly https: number },
  source: string,
): Address | undefined => {
  const [host] = hosts;
  return host === undefined ? undefined : { host, hosts, ...ports, source };
};
