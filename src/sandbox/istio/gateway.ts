import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Certificate, Gateway, Listener } from "../front.ts";
import { certificateIn, isLoadable } from "../ingress/certificate.ts";
import { answering, envoyAnswers } from "../ingress/envoy.ts";
import type { DataPlane } from "../knative/data-plane.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import type { Program } from "../kubernetes/processes.ts";
import { isTrue, type Stage } from "../objects.ts";
import type { Playing } from "../part.ts";
import type { Obj } from "../types.ts";
import { createMounted } from "./mounted.ts";
import type { Dial, Outcome, Probe } from "./prober.ts";
import { type Asked, type Decision, decide } from "./routes.ts";
import { chainFor, type Server, type Snapshot, serversOf } from "./servers.ts";
import { istioStatistics, STATISTICS_PORTS } from "./statistics.ts";
import { HASH_HEADER } from "./virtual-services.ts";
import { isIngressGateway, isIstiod, istiods } from "./workloads.ts";

export interface IngressGateways {
  readonly push: (snapshot: Snapshot) => void;
  readonly process: Program;
  readonly gateway: Gateway;
  readonly exports: NonNullable<Playing["exports"]>;
  /** What a request in plain text meets at a port of its pods. */
  readonly plain: Plain;
  /** What a probe at the address of one of its pods meets. */
  readonly dial: Dial;
}

/** `closed`: nothing listens there, or what listens wants TLS. */
export type Plain = (port: number, asked: Asked) => Decision | "closed" | undefined;

/** The Envoys of all ingress gateways: each does what istiod's last snapshot says to its pod. */
export const createIngressGateways = (stage: Stage, dataPlane: DataPlane): IngressGateways => {
  const { api } = stage;
  const answers = envoyAnswers(stage, dataPlane);
  const connected = new Set<string>();
  let look: () => void = () => {};
  const mounted = createMounted(stage, () => look());
  const statistics = istioStatistics();
  let snapshot: Snapshot | undefined;
  let known = new Map<string, ReturnType<typeof serversOf>>();

  const serversAt = ({ pod, port }: Listener): readonly Server[] => {
    if (!snapshot) return [];
    const id = pod.metadata.uid ?? "";
    const servers = known.get(id) ?? serversOf(snapshot, pod);
    known.set(id, servers);
    return servers.get(port) ?? [];
  };

  const certificateOf = ({ tls }: Server, pod: Obj): Certificate | undefined => {
    // A client without a certificate of its own is not let in.
    if (tls.mode === "MUTUAL") return undefined;
    const found = tls.credentialName
      ? credential(tls.credentialName, pod)
      : tls.serverCertificate && mounted.read(pod, tls.serverCertificate, tls.privateKey ?? "");
    return found && isLoadable(found) ? found : undefined;
  };

  /** istiod reads it for the pod, in the pod's namespace, where the pod's account may. */
  const credential = (name: string, { metadata: { namespace }, spec }: Obj): Certificate | undefined => {
    if (!snapshot?.readers.has(`${namespace}/${spec.serviceAccountName ?? "default"}`)) return undefined;
    const secret = snapshot.secrets.get(`${namespace}/${name}`);
    if (!secret) return undefined;
    return secret.data?.["tls.crt"] ? certificateIn(secret) : certificateIn(secret, "cert", "key");
  };

  const decideAt = (listener: Listener, name: string | undefined, asked: Asked): Decision | undefined => {
    const servers = serversAt(listener);
    const isTls = servers.some((server) => server.isTls);
    const chain = isTls ? chainFor(servers, name) : undefined;
    return decide(isTls ? (chain ? [chain] : []) : servers, snapshot?.virtualServices ?? [], asked);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, listener: Listener): Promise<void> => {
    const name = (request.socket as TLSSocket).servername || undefined;
    const decision = decideAt(listener, name, {
      authority: (request.headers.host ?? "").toLowerCase(),
      path: request.url ?? "/",
      headers: request.headers,
    });
    if (!decision) return answers.notFound(response);
    if ("toHttps" in decision) return answers.toHttps(request, response);
    const splits = decision.destinations.map(({ namespace, service, weight }) => ({
      namespace,
      revision: service,
      percent: weight,
    }));
    await answers.carry(splits, request, response, listener.pod);
  };

  const podAt = ({ ip }: Probe): Obj | undefined =>
    api.list("v1", "Pod").find((pod) => pod.status?.podIP === ip && isIngressGateway(pod) && isTrue(pod, "Ready"));

  const meet = (probe: Probe): Outcome => {
    const pod = podAt(probe);
    const listener = pod && { pod, port: probe.podPort };
    const servers = listener ? serversAt(listener) : [];
    if (!listener || servers.length === 0)
      return { error: `dial tcp ${probe.ip}:${probe.podPort}: connect: connection refused` };
    const chain = probe.scheme === "https" ? chainFor(servers, probe.host) : undefined;
    if (probe.scheme === "https" && !(chain && certificateOf(chain, pod))) return { error: "EOF" };
    const decision = decideAt(listener, probe.host, {
      authority: `${probe.host}:${probe.port}`,
      path: "/healthz",
      headers: { [HASH_HEADER.toLowerCase()]: "override" },
    });
    if (!decision) return { status: 404 };
    if ("toHttps" in decision) return { status: 301 };
    const isServed = decision.destinations.some((to) => readyEndpoints(api, to.namespace, to.service).length > 0);
    return isServed ? { status: 200, hash: decision.set[HASH_HEADER] } : { status: 503 };
  };

  return {
    push: (next) => {
      snapshot = next;
      known = new Map();
      for (const pod of api.list("v1", "Pod")) if (isIngressGateway(pod)) mounted.note(pod);
      look();
    },
    exports: (pod, port) => (STATISTICS_PORTS.includes(port) && isIngressGateway(pod) ? statistics.of(pod) : undefined),
    process: {
      deployment: isIngressGateway,
      // terminationDrainDuration, as net-istio's istio.yaml sets it.
      drain: { seconds: 20 },
      // An Envoy is ready once it has its configuration, and keeps it when istiod goes away.
      isReady: ({ metadata: { uid = "" } }) => {
        if (istiods(stage).length > 0) connected.add(uid);
        return connected.has(uid);
      },
      watches: ({ object }) => object.kind === "Pod" && isIstiod(object),
    },
    gateway: {
      runs: isIngressGateway,
      listensAt: (port, pod) => {
        const [server] = serversAt({ pod, port });
        return server && (server.isTls ? "https" : "http");
      },
      handle: (request, response, _isTls, listener) => {
        statistics.watch(listener.pod, response);
        answering(request, response, () => handle(request, response, listener));
      },
      certificateFor: (name, listener) => {
        const chain = chainFor(serversAt(listener), name);
        return chain && certificateOf(chain, listener.pod);
      },
      onNews: (add) => {
        look = add;
      },
    },
    plain: (port, asked) => {
      const pod = api.list("v1", "Pod").find((one) => isIngressGateway(one) && isTrue(one, "Ready"));
      const servers = pod ? serversAt({ pod, port }) : [];
      if (!pod || servers.length === 0 || servers.some(({ isTls }) => isTls)) return "closed";
      return decideAt({ pod, port }, undefined, asked);
    },
    dial: async (probe) => meet(probe),
  };
};
