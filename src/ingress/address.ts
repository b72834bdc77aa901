import { isIP } from "node:net";
import { STATE } from "../kube/prior.ts";
import { escapedName } from "../ports/dns-name.ts";
import { at, dataOf, textAt } from "../ports/object.ts";
import type { Reader } from "../ports/reader.ts";
import { NODE_PORTS } from "./gateway-service.ts";
import type { IngressProvider } from "./provider.ts";

/** Of the gateway, as somebody outside asks for them. */
export interface Ports {
  readonly http: number;
  readonly https: number;
}

/** Where the gateway answers: what records point at, what is proved, and what every URL that is shown is made with. */
export interface Address extends Ports {
  /** IP address or host name; of several the first. */
  readonly host: string;
  /** All of them: what records point at, and where each handshake is proved. */
  readonly hosts: readonly string[];
  /** Every pair of ports that can lead to it there; the last one that answers makes the shortest URLs. */
  readonly ways: readonly Ports[];
  /** For people: how we know. */
  readonly source: string;
}

/** The part of the configuration that decides it. */
export interface Exposure {
  readonly expose: "loadbalancer" | "nodeport";
  readonly address?: string;
}

const STANDARD: Ports = { http: 80, https: 443 };

/** Key of the state ConfigMap: at which ports the proof was answered where more than one pair can be right. */
export const REACHED = "reached";

/** As it is kept: of one host, because nothing is known of another. */
export const reachedText = ({ host }: Pick<Address, "host">, { http, https }: Ports): string =>
  JSON.stringify({ host, http, https });

/** What the data of the state ConfigMap says. Undefined: nothing. */
export const reachedIn = (state: Readonly<Record<string, string>>): (Ports & Pick<Address, "host">) | undefined => {
  try {
    const kept: unknown = JSON.parse(state[REACHED] ?? "{}");
    const [host, http, https] = [at(kept, "host"), at(kept, "http"), at(kept, "https")];
    return typeof host === "string" && typeof http === "number" && typeof https === "number"
      ? { host, http, https }
      : undefined;
  } catch {
    return undefined;
  }
};

/** The ports to expect while nothing was proved: a node's own, unless something is said to lead to them (kind, `--address`). */
export const usualPorts = ({ expose, address }: Exposure, isKind: boolean): Ports =>
  expose === "loadbalancer" || address || isKind ? STANDARD : NODE_PORTS;

/** A URL without path as it opens there: with the port, where it is not the scheme's own. */
export const urlAt = (url: string, ports: Ports | undefined): string => {
  const isTls = url.startsWith("https:");
  const port = isTls ? ports?.https : ports?.http;
  return port === undefined || port === (isTls ? STANDARD.https : STANDARD.http) ? url : `${url}:${port}`;
};

/** The same gateway's ports on this machine, where it listens on others there ({@link ReadContext.opensAt}); undefined: not known yet. */
export const openedPorts = <P extends Ports>(
  ports: P | undefined,
  opensAt: ReadonlyMap<number, number> | undefined,
): P | undefined =>
  ports && {
    ...ports,
    http: opensAt?.get(ports.http) ?? ports.http,
    https: opensAt?.get(ports.https) ?? ports.https,
  };

/**
 * `--address`, else what the LoadBalancer Service got, else (nodeport, rule 22) on kind the host's own loopback, else a node's
 * ExternalIP; with nodeport at the ports that the proof has found (decision 16). Undefined: not known yet.
 */
export const findAddress = async (
  reader: Reader,
  config: Exposure,
  ingress: Pick<IngressProvider, "service">,
): Promise<Address | undefined> => {
  if (config.expose === "nodeport") return atNodes(reader, config);
  if (config.address) return balanced([config.address], "--address");
  const hosts = hostsOf(await reader.get(ingress.service));
  const { kind, namespace, name } = ingress.service;
  return balanced(hosts, `${kind === "Service" ? "LoadBalancer" : kind} ${namespace}/${name}`);
};

/** IP addresses and host names in the status of a Service of type LoadBalancer, or of a Gateway of the Gateway API. */
export const hostsOf = (entrance: unknown): readonly string[] => {
  const entries = at(entrance, "status", "loadBalancer", "ingress") ?? at(entrance, "status", "addresses");
  return (Array.isArray(entries) ? entries : [])
    .map((entry) => at(entry, "ip") ?? at(entry, "hostname") ?? at(entry, "value"))
    .flatMap((host) => (typeof host === "string" ? [host.includes(":") ? host : escapedName(host)] : []));
};

const balanced = (hosts: readonly string[], source: string): Address | undefined => {
  const [host] = hosts;
  return host === undefined ? undefined : { host, hosts, ...STANDARD, ways: [STANDARD], source };
};

const atNodes = async (reader: Reader, config: Exposure): Promise<Address | undefined> => {
  const { hosts, isKind, source } = await nodesOf(reader, config);
  const [host] = hosts;
  if (host === undefined) return undefined;
  const kept = reachedIn(dataOf(await reader.get(STATE)));
  const { http, https } = kept?.host === host ? kept : usualPorts(config, isKind);
  const isShort = https === STANDARD.https;
  const how = !isShort
    ? `, its ports ${NODE_PORTS.http} and ${NODE_PORTS.https}`
    : isKind
      ? " (kind-config.yaml maps ports 80 and 443 of this machine)"
      : `, whose ports 80 and 443 lead to ${NODE_PORTS.http} and ${NODE_PORTS.https}`;
  return { host, hosts, http, https, ways: [NODE_PORTS, STANDARD], source: `${source}${how}` };
};

const nodesOf = async (
  reader: Reader,
  { address }: Exposure,
): Promise<{ readonly hosts: readonly string[]; readonly isKind: boolean; readonly source: string }> => {
  if (address) return { hosts: [address], isKind: false, source: "--address" };
  const nodes = await reader.list("v1", "Node");
  if (nodes.some((node) => textAt(node, "spec", "providerID").startsWith("kind://")))
    return { hosts: ["127.0.0.1"], isKind: true, source: "kind" };
  const found = nodes.flatMap((node) => {
    const addresses = at(node, "status", "addresses");
    const external = (Array.isArray(addresses) ? addresses : []).find(
      (entry) => at(entry, "type") === "ExternalIP" && isIP(textAt(entry, "address")),
    );
    return external ? [{ host: textAt(external, "address"), node: node.metadata.name }] : [];
  });
  const names = found.map(({ node }) => node).join(", ");
  return {
    hosts: [...new Set(found.map(({ host }) => host))],
    isKind: false,
    source: `ExternalIP of node ${names}`,
  };
};
