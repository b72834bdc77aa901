import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { targetPort } from "./kubernetes/endpoint-slices.ts";
import { hasLabels, isTrue, type Stage } from "./objects.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Api, Obj } from "./types.ts";

/** What leads from outside to the gateways: load balancers, node ports, and whatever stands before those. */

/** PEM. */
export interface Certificate {
  /** The chain from the leaf on. */
  readonly cert: string;
  readonly key: string;
}

/** The gateway of an ingress, as its pods behave. */
export interface Gateway {
  /** Whether a pod runs it. Its Services are in the namespace of its pods. */
  readonly runs: (pod: Obj) => boolean;
  /** What a pod listens with on one of its ports; undefined: connections are refused there. */
  readonly listensAt: (port: number, pod: Obj) => "http" | "https" | undefined;
  readonly handle: (request: IncomingMessage, response: ServerResponse, isTls: boolean, at: Listener) => void;
  /** By the name that the client asks for, undefined where it asks for none. Without a certificate the connection is not taken. */
  readonly certificateFor: (name: string | undefined, at: Listener) => Certificate | undefined;
  /** Called once: `look` has to be called when it listens elsewhere or with another certificate. */
  readonly onNews: (look: () => void) => void;
}

/** A port of a pod that runs a gateway. */
export interface Listener {
  readonly pod: Obj;
  readonly port: number;
}

export interface Front {
  readonly reconciler: Reconciler;
  /** "Port as the cluster says" to the loopback port behind it, at every address. */
  readonly ports: ReadonlyMap<number, number>;
  readonly close: () => Promise<void>;
}

/** The ports of LoadBalancer Services, and the node ports of the kind configuration. */
const FRONT_PORTS = [80, 443, 31080, 31443] as const;

/** What leads from 80 and 443 to a NodePort, where something does. */
const NODE_PORT_BEHIND: ReadonlyMap<number, number> = new Map([
  [80, 31080],
  [443, 31443],
]);

/**
 * What stands in front of node ports: nothing, so that only they answer at a node's address; a `balancer`, so that 80 and 443 answer there
 * too; or `kind` by its kind-config.yaml, where only 80 and 443 of this machine answer and the node ports are a container's own.
 */
export type NodePortFront = "nothing" | "balancer" | "kind";

/** Where a front port leads to. */
interface Way {
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly scheme: "http" | "https";
}

/**
 * HTTP and HTTPS servers on loopback. A front port listens only while a Service leads from it to a ready pod of a gateway that
 * listens; everywhere else the connection is refused, as it would be.
 */
export const startFront = async (
  { api }: Stage,
  before: NodePortFront,
  gateways: readonly Gateway[],
): Promise<Front> => {
  const reservations = new Map<number, Reservation>();
  for (const port of FRONT_PORTS) reservations.set(port, await reservePort());
  const ports = new Map([...reservations].map(([given, { port }]) => [given, port]));
  /** By address and port, as the cluster says them. */
  const open = new Map<string, { way: Way; readonly server: Server | TlsServer }>();
  let closed = false;

  const openAt = (address: string, port: number, way: Way): Promise<void> => {
    const key = `${address} ${port}`;
    const server = serve(way.scheme, () => open.get(key)?.way ?? way);
    open.set(key, { way, server });
    server.unref();
    return new Promise((resolve, reject) => {
      // Some systems have one address of loopback only: nothing answers at the others there.
      server.once("error", ({ code }: NodeJS.ErrnoException & Error) =>
        code === "EADDRNOTAVAIL" ? resolve() : reject(new Error(`no server at ${key}: ${code}`)),
      );
      server.listen(ports.get(port), address, () => resolve());
    });
  };

  const closeAt = (key: string): Promise<void> => {
    const server = open.get(key)?.server;
    open.delete(key);
    return new Promise((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };

  const settle = async (address: string, port: number): Promise<void> => {
    const key = `${address} ${port}`;
    // Nodes have the first address, and host names lead there.
    const nodePorts = address === FIRST_ADDRESS ? nodePortsBehind(port, before) : [];
    const way = closed ? undefined : wayFrom(api, address, port, nodePorts, gateways);
    const now = open.get(key);
    const isSame = now?.way.gateway === way?.gateway && now?.way.scheme === way?.scheme;
    if (now && !isSame) await closeAt(key);
    if (way && !isSame) await openAt(address, port, way);
    if (!now || !way || !isSame) return;
    now.way = way;
    if ("setSecureContext" in now.server)
      now.server.setSecureContext({ ...way.gateway.certificateFor(undefined, way.listener) });
  };

  return {
    ports,
    reconciler: {
      name: "front",
      keys: ({ object }) =>
        isEntry(object) || (object.kind === "Pod" && gateways.some(({ runs }) => runs(object))) ? ["ports"] : [],
      listen: (add) => {
        for (const { onNews } of gateways) onNews(() => add("ports"));
      },
      reconcile: async () => {
        const known = [...open.keys()].map((key) => key.split(" ")[0] ?? "");
        for (const address of new Set([FIRST_ADDRESS, ...balancedAddresses(api), ...known]))
          for (const port of FRONT_PORTS) await settle(address, port);
        return undefined;
      },
    },
    close: async () => {
      closed = true;
      await Promise.all([...open.keys()].map(closeAt));
      for (const { release } of reservations.values()) release();
    },
  };
};

/** Whether it may lead from outside, or did. */
const isEntry = ({ kind, apiVersion, spec }: Obj): boolean =>
  kind === "Service" && apiVersion === "v1" && spec.type !== "ExternalName" && spec.selector !== undefined;

const FIRST_ADDRESS = "127.0.0.1";

/** Where a Service is balanced. */
const addressesOf = ({ spec, status }: Obj): readonly string[] =>
  spec.type === "LoadBalancer"
    ? ((status?.loadBalancer?.ingress ?? []) as Obj[]).map(({ ip }): string => ip ?? FIRST_ADDRESS)
    : [];

const balancedAddresses = (api: Api): readonly string[] => api.list("v1", "Service").flatMap(addressesOf);

const nodePortsBehind = (port: number, before: NodePortFront): readonly (number | undefined)[] => {
  const behind = NODE_PORT_BEHIND.get(port);
  return { nothing: [port], balancer: [port, behind], kind: [behind] }[before];
};

const wayFrom = (
  api: Api,
  address: string,
  asked: number,
  nodePorts: readonly (number | undefined)[],
  gateways: readonly Gateway[],
): Way | undefined => {
  for (const gateway of gateways) {
    const listener = leadsTo(api, address, asked, nodePorts, gateway);
    const scheme = listener && gateway.listensAt(listener.port, listener.pod);
    if (scheme) return { gateway, listener, scheme };
  }
  return undefined;
};

/** Where a front port leads to, if any Service leads from it to a ready pod of the gateway. */
const leadsTo = (
  api: Api,
  address: string,
  asked: number,
  nodePorts: readonly (number | undefined)[],
  { runs }: Gateway,
): Listener | undefined => {
  // Ready, or draining while it still serves: where nothing else is left, kube-proxy sends to those.
  const pods = api.list("v1", "Pod").filter((one) => runs(one) && isTrue(one, "Ready"));
  const namespaces = new Set(pods.map(({ metadata }) => metadata.namespace));
  for (const service of [...namespaces].flatMap((namespace) => api.list("v1", "Service", namespace))) {
    const { type, selector } = service.spec;
    const isBalanced = addressesOf(service).includes(address);
    const entry = (service.spec.ports as Obj[] | undefined)?.find(
      (port) =>
        (isBalanced && port.port === asked) ||
        (type !== "ClusterIP" && port.nodePort && nodePorts.includes(port.nodePort)),
    );
    const pod = pods.find((one) => one.metadata.namespace === service.metadata.namespace && hasLabels(one, selector));
    if (entry && pod) return { pod, port: targetPort(entry, pod) };
  }
  return undefined;
};

const serve = (scheme: Way["scheme"], way: () => Way): Server | TlsServer => {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { gateway, listener } = way();
    gateway.handle(request, response, scheme === "https", listener);
  };
  if (scheme === "http") return createServer(handle);
  const find = (name: string | undefined): Certificate | undefined => {
    const { gateway, listener } = way();
    return gateway.certificateFor(name, listener);
  };
  const choose = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const found = find(name);
    if (found) done(null, createSecureContext({ ...found }));
    else done(new Error(`no certificate for ${name}`));
  };
  return createTlsServer({ ...find(undefined), SNICallback: choose }, handle);
};

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

interface Reservation {
  readonly port: number;
  readonly release: () => void;
}

/**
 * A loopback port for this world alone. It is bound only while a gateway listens, so it lies below the range from which
 * systems hand out ports by themselves, and a UDP socket on the same number keeps other worlds from choosing it.
 */
const reservePort = async (): Promise<Reservation> => {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const lock = createSocket("udp4");
    const isOurs = await new Promise<boolean>((resolve) => {
      lock.once("error", () => resolve(false));
      lock.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(true));
    });
    lock.unref();
    if (isOurs && (await isFree(port))) return { port, release: () => lock.close() };
    lock.close();
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
