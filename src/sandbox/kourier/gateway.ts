import type { IncomingMessage, ServerResponse } from "node:http";
import type { Certificate, Gateway } from "../front.ts";
import type { DataPlane, Reply } from "../knative/data-plane.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Program } from "../kubernetes/processes.ts";
import type { Stage } from "../objects.ts";
import { CONTROLLER, CONTROLLER_NAMESPACE, GATEWAY, GATEWAY_NAMESPACE, HTTP_PORT, HTTPS_PORT } from "./names.ts";
import type { VirtualHost } from "./translate.ts";

/** What the controller last told the gateway. */
export interface Snapshot {
  readonly hosts: ReadonlyMap<string, VirtualHost>;
  /** For every host that has none of its own. */
  readonly certificate?: Certificate;
  /** Host or wildcard to its own certificate. */
  readonly certificates: ReadonlyMap<string, Certificate>;
}

export interface Envoy {
  readonly program: (snapshot: Snapshot) => void;
  readonly process: Program;
  readonly gateway: Gateway;
}

const DEPLOYMENT = `${GATEWAY_NAMESPACE}/${GATEWAY}`;

/** The gateway: an Envoy that does what the controller's last snapshot says. */
export const createEnvoy = (stage: Stage, dataPlane: DataPlane): Envoy => {
  const connected = new Set<string>();
  let snapshot: Snapshot | undefined;
  let look: () => void = () => {};

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
    const reply = await dataPlane(split.namespace, split.revision, {
      method: request.method ?? "GET",
      uri,
      host: authority,
      headers: request.headers,
      remoteAddress: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
    });
    send(response, reply, { "x-envoy-upstream-service-time": String(Math.round(performance.now() - startedAt)) });
  };

  return {
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
        const isServed =
          snapshot !== undefined && readyEndpoints(stage.api, CONTROLLER_NAMESPACE, CONTROLLER).length > 0;
        if (isServed) connected.add(uid);
        return connected.has(uid);
      },
      watches: ({ object }) =>
        object.kind === "EndpointSlice" && object.metadata.labels?.["kubernetes.io/service-name"] === CONTROLLER,
    },
    gateway: {
      deployment: DEPLOYMENT,
      listensAt: (port) => {
        if (!snapshot) return undefined;
        if (port === HTTP_PORT) return "http";
        // Envoy opens 8443 with a certificate and something to route, not before.
        const hasCertificate = snapshot.certificate !== undefined || snapshot.certificates.size > 0;
        return port === HTTPS_PORT && hasCertificate && snapshot.hosts.size > 0 ? "https" : undefined;
      },
      handle: (request, response, isTls) => {
        handle(request, response, isTls).catch((error: unknown) => {
          send(response, { status: 503, body: "upstream connect error" });
          throw new Error("gateway", { cause: error });
        });
      },
      certificateFor: (name) => {
        const own = name === undefined ? undefined : snapshot?.certificates;
        return own?.get(name ?? "") ?? own?.get(wildcardOf(name ?? "")) ?? snapshot?.certificate;
      },
      onNews: (add) => {
        look = add;
      },
    },
  };
};

const wildcardOf = (name: string): string => `*${name.slice(name.indexOf("."))}`;

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
