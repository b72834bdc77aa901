import { hasLabels, keyOf } from "../objects.ts";
import type { Obj } from "../types.ts";

/** Which servers of which Gateways a gateway's pod has (istio pilot/pkg/model/gateway.go). */

export interface Server {
  readonly gateway: Obj;
  readonly isTls: boolean;
  readonly hosts: readonly ServerHost[];
  readonly tls: Obj["spec"];
}

export interface ServerHost {
  readonly host: string;
  /** Only VirtualServices of this namespace; undefined: of any. */
  readonly namespace?: string;
}

/** What istiod last told the gateways. */
export interface Snapshot {
  readonly gateways: readonly Obj[];
  readonly virtualServices: readonly Obj[];
  readonly services: readonly Obj[];
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, Obj>;
  /** `namespace/name` of the ServiceAccounts that may read Secrets in their namespace. */
  readonly readers: ReadonlySet<string>;
}

/** Names the servers in the order of their Gateways, the oldest first, by the port of the pod. */
export const serversOf = (snapshot: Snapshot, pod: Obj): ReadonlyMap<number, readonly Server[]> => {
  const found = new Map<number, Server[]>();
  const chosen = snapshot.gateways.filter(
    ({ spec }) => Object.keys(spec.selector ?? {}).length === 0 || hasLabels(pod, spec.selector),
  );
  for (const gateway of chosen.toSorted(byAge))
    for (const server of (gateway.spec.servers ?? []) as Obj[])
      for (const port of podPortsOf(snapshot, pod, server.port.number)) {
        const others = found.get(port) ?? [];
        const isTls = /^(HTTPS|TLS)$/i.test(server.port.protocol);
        const hosts = ((server.hosts ?? []) as string[]).map((host) => hostOf(host, gateway));
        // One port has one protocol; a TLS server with a name that is taken is dropped whole.
        const isTaken = others.some(
          (other) =>
            other.isTls !== isTls || (isTls && other.hosts.some((one) => hosts.some(({ host }) => host === one.host))),
        );
        if (!isTaken) found.set(port, [...others, { gateway, isTls, hosts, tls: server.tls ?? {} }]);
      }
  return found;
};

const byAge = (a: Obj, b: Obj): number => {
  const [one, other] = [a, b].map(
    ({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}.${metadata.namespace}`,
  );
  return String(one) < String(other) ? -1 : 1;
};

const hostOf = (text: string, gateway: Obj): ServerHost => {
  const [first = "", host] = text.split("/");
  if (host === undefined) return { host: first };
  const namespace = first === "." ? (gateway.metadata.namespace ?? "") : first;
  return namespace === "*" ? { host } : { host, namespace };
};

const UNTRANSLATED = "experimental.istio.io/disable-gateway-port-translation";

/** Through the Services before the pod; where none has the port, the pod itself has it. */
const podPortsOf = ({ services }: Snapshot, pod: Obj, number: number): readonly number[] => {
  const before = services.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      metadata.labels?.[UNTRANSLATED] === undefined &&
      hasLabels(pod, spec.selector),
  );
  const ports = before.flatMap(({ spec }) => ((spec.ports ?? []) as Obj[]).filter(({ port }) => port === number));
  const targets = ports.map(({ targetPort, port }) => Number(targetPort ?? port)).filter(Number.isInteger);
  return targets.length > 0 ? [...new Set(targets)] : [number];
};

/** Whether a name is one that the pattern (`*`, `*.example.com`, or a name) stands for. */
export const matches = (pattern: string, name: string): boolean =>
  pattern === "*" || pattern === name || (pattern.startsWith("*.") && name.endsWith(pattern.slice(1)));

/** Names first, then the longest wildcard, and what matches all last. */
export const mostSpecific = (patterns: readonly string[], name: string): string | undefined =>
  patterns
    .filter((pattern) => matches(pattern, name))
    .toSorted((a, b) => Number(b === name) - Number(a === name) || b.length - a.length)[0];

/** The TLS server whose filter chain takes a client that asks for this name, or for none. */
export const chainFor = (servers: readonly Server[], name: string | undefined): Server | undefined => {
  const hosts = servers.flatMap((server) => server.hosts.map(({ host }) => host));
  const best = name === undefined ? "*" : mostSpecific(hosts, name.toLowerCase());
  return servers.find((server) => server.hosts.some(({ host }) => host === best));
};

export const keyOfServer = ({ gateway }: Server): string => keyOf(gateway);
