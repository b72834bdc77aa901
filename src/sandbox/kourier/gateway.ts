import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import type { DataPlane, Reply } from "../knative/data-plane.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Program } from "../kubernetes/processes.ts";
import { deploymentOf } from "../kubernetes/processes.ts";
import { hasLabels, isTrue, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { CONTROLLER, CONTROLLER_NAMESPACE, GATEWAY, GATEWAY_NAMESPACE, HTTP_PORT, HTTPS_PORT } from "./names.ts";
import type { VirtualHost } from "./translate.ts";

export interface Certificate {
  /** PEM, the chain from the leaf on. */
  readonly cert: string;
  readonly key: string;
}

/** What the controller last told the gateway. */
export interface Snapshot {
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  /** For every host that has none of its own. */
  readonly certificate?: Certificate;
  /** Host or wildcard to its own certificate. */
  readonly certificates: ReadonlyMap<string, Certificate>;
}

export interface Gateway {
  readonly program: (snapshot: Snapshot) => void;
}

export interface RunningGateway extends Gateway {
  readonly process: Program;
  readonly reconciler: Reconciler;
  /** "Port as the cluster says" to the loopback port behind it. */
  readonly ports: ReadonlyMap<number, number>;
  readonly close: () => Promise<void>;
}

/** The ports of LoadBalancer Services, and the node ports of the kind configuration. */
export const FRONT_PORTS = [80, 443, 31080, 31443] as const;

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

const DEPLOYMENT = `${GATEWAY_NAMESPACE}/${GATEWAY}`;

/**
 * The gateway: HTTP and HTTPS servers on loopback. A front port listens only while a Service leads from it to a ready gateway
 * pod whose Envoy listens; everywhere else the connection is refused, as it would be.
 */
export const startGateway = async (
  stage: Stage,
  front: NodePortFront,
  dataPlane: () => DataPlane,
): Promise<RunningGateway> => {
  const { api } = stage;
  const reservations = new Map<number, Reservation>();
  for (const port of FRONT_PORTS) reservations.set(port, await reservePort());
  const ports = new Map([...reservations].map(([given, { port }]) => [given, port]));
  const servers = new Map<number, Server | TlsServer>();
  const connected = new Set<string>();
  let snapshot: Snapshot | undefined;
  let look: () => void = () => {};
  let closed = false;

  const send = (response: ServerResponse, reply: Reply, headers: Record<string, string> = {}): void => {
    const type: Record<string, string> = reply.body === "" ? {} : { "content-type": "text/plain; charset=utf-8" };
    response.writeHead(reply.status, {
      ...type,
      "content-length": Buffer.byteLength(reply.body),
      server: "envoy",
      ...headers,
    });
    response.end(reply.body);
  };

  const pick = (host: VirtualHost) => {
    let rest = stage.random() * host.splits.reduce((sum, { percent }) => sum + percent, 0);
    return host.splits.find(({ percent }) => {
      rest -= percent;
      return rest < 0;
    });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, isTls: boolean): Promise<void> => {
    request.resume();
    const authority = (request.headers.host ?? "").toLowerCase();
    // Each host is served with and without a port (net-kourier domainsForHost: `host` and `host:*`).
    const host = snapshot?.hosts.get(authority.replace(/:\d+$/, ""));
    const split = host && pick(host);
    if (!host || !split) return send(response, { status: 404, body: "" });
    const uri = request.url ?? "/";
    if (host.redirects && !isTls) {
      // Only the port that the old scheme has by itself is left out (Envoy processRequestHost).
      const location = `https://${authority.replace(/:80$/, "")}${uri}`;
      return send(response, { status: 301, body: "" }, { location });
    }
    const startedAt = performance.now();
    const reply = await dataPlane()(split.namespace, split.revision, {
      method: request.method ?? "GET",
      uri,
      host: authority,
      headers: request.headers,
      remoteAddress: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
    });
    send(response, reply, { "x-envoy-upstream-service-time": String(Math.round(performance.now() - startedAt)) });
  };

  const listener =
    (isTls: boolean): RequestListener =>
    (request, response) => {
      handle(request, response, isTls).catch((error: unknown) => {
        send(response, { status: 503, body: "upstream connect error" });
        throw new Error("gateway", { cause: error });
      });
    };

  const isListening = (port: number): boolean => {
    if (!snapshot) return false;
    // Envoy opens 8443 with a certificate and something to route, not before.
    const hasCertificate = snapshot.certificate !== undefined || snapshot.certificates.size > 0;
    return port === HTTP_PORT || (port === HTTPS_PORT && hasCertificate && snapshot.hosts.size > 0);
  };

  /** Ready, or draining while it still serves: where nothing else is left, kube-proxy sends to those. */
  const servingPods = (): readonly Obj[] =>
    api.list("v1", "Pod", GATEWAY_NAMESPACE).filter((pod) => deploymentOf(pod) === DEPLOYMENT && isTrue(pod, "Ready"));

  const nodePortsBehind = (port: number): readonly (number | undefined)[] => {
    const behind = NODE_PORT_BEHIND.get(port);
    return { nothing: [port], balancer: [port, behind], kind: [behind] }[front];
  };

  /** The pod port that a front port leads to, if any Service leads from it to a ready gateway pod. */
  const leadsTo = (asked: number): number | undefined => {
    for (const service of api.list("v1", "Service", GATEWAY_NAMESPACE)) {
      const { type, selector } = service.spec;
      const isBalanced = type === "LoadBalancer" && service.status?.loadBalancer?.ingress?.length > 0;
      const entry = (service.spec.ports as Obj[] | undefined)?.find(
        (port) =>
          (isBalanced && port.port === asked) ||
          (type !== "ClusterIP" && port.nodePort && nodePortsBehind(asked).includes(port.nodePort)),
      );
      if (entry && servingPods().some((pod) => hasLabels(pod, selector))) return entry.targetPort ?? entry.port;
    }
    return undefined;
  };

  /** By the name that the client asks for; without a certificate for it, no filter chain of Envoy takes the connection. */
  const chooseCertificate = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const own = snapshot?.certificates;
    const wildcard = `*${name.slice(name.indexOf("."))}`;
    const found = own?.get(name) ?? own?.get(wildcard) ?? snapshot?.certificate;
    if (found) done(null, createSecureContext({ ...found }));
    else done(new Error(`no certificate for ${name}`));
  };

  const openFront = (port: number, isTls: boolean): Promise<void> => {
    const server = isTls
      ? createTlsServer({ ...snapshot?.certificate, SNICallback: chooseCertificate }, listener(true))
      : createServer(listener(false));
    servers.set(port, server);
    server.unref();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(ports.get(port), "127.0.0.1", () => resolve());
    });
  };

  const closeFront = (port: number): Promise<void> => {
    const server = servers.get(port);
    servers.delete(port);
    return new Promise((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };

  const reconcile = async (): Promise<undefined> => {
    for (const port of FRONT_PORTS) {
      const target = closed ? undefined : leadsTo(port);
      const isOpen = target !== undefined && isListening(target);
      const server = servers.get(port);
      if (!isOpen && server) await closeFront(port);
      else if (isOpen && !server) await openFront(port, target === HTTPS_PORT);
      else if (server && "setSecureContext" in server && snapshot?.certificate) {
        server.setSecureContext({ ...snapshot.certificate });
      }
    }
  };

  return {
    ports,
    program: (next) => {
      snapshot = next;
      look();
    },
    process: {
      deployment: DEPLOYMENT,
      // Its preStop hook sleeps for DRAIN_TIME_SECONDS, and Envoy does not catch the signal after it.
      drain: { seconds: 16, exitCode: () => 1 },
      // Envoy is ready once it has its configuration, and keeps it when the controller goes away.
      isReady: (pod) => {
        const uid = pod.metadata.uid ?? "";
        const isServed = snapshot !== undefined && readyEndpoints(api, CONTROLLER_NAMESPACE, CONTROLLER).length > 0;
        if (isServed) connected.add(uid);
        return connected.has(uid);
      },
      watches: ({ object }) =>
        object.kind === "EndpointSlice" && object.metadata.labels?.["kubernetes.io/service-name"] === CONTROLLER,
    },
    reconciler: {
      name: "kourier-gateway",
      keys: ({ object }) =>
        object.metadata.namespace === GATEWAY_NAMESPACE && (object.kind === "Pod" || object.kind === "Service")
          ? ["fronts"]
          : [],
      listen: (add) => {
        look = () => add("fronts");
      },
      reconcile,
    },
    close: async () => {
      closed = true;
      await Promise.all(FRONT_PORTS.map(closeFront));
      for (const { release } of reservations.values()) release();
    },
  };
};

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

interface Reservation {
  readonly port: number;
  readonly release: () => void;
}

/**
 * A loopback port for this world alone. It is bound only while the gateway listens, so it lies below the range from which
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
