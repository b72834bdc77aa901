import type { IncomingMessage, ServerResponse } from "node:http";
import type { Certificate, Gateway } from "../front.ts";
import { answering, envoyAnswers, hostOf } from "../ingress/envoy.ts";
import type { DataPlane } from "../knative/data-plane.ts";
import { readyEndpoints } from "../kubernetes/endpoint-slices.ts";
import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import type { Stage } from "../objects.ts";
import type { Playing } from "../part.ts";
import { CONTROLLER, CONTROLLER_NAMESPACE, GATEWAY, GATEWAY_NAMESPACE, HTTP_PORT, HTTPS_PORT } from "./names.ts";
import { envoyStatistics, STATISTICS_PORT } from "./statistics.ts";
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
  readonly exports: NonNullable<Playing["exports"]>;
}

const DEPLOYMENT = `${GATEWAY_NAMESPACE}/${GATEWAY}`;

/** The gateway: an Envoy that does what the controller's last snapshot says. */
export const createEnvoy = (stage: Stage, dataPlane: DataPlane): Envoy => {
  const answers = envoyAnswers(stage, dataPlane);
  const connected = new Set<string>();
  const statistics = envoyStatistics();
  let snapshot: Snapshot | undefined;
  let look: () => void = () => {};

  const handle = async (request: IncomingMessage, response: ServerResponse, isTls: boolean): Promise<void> => {
    const host = snapshot?.hosts.get(hostOf(request));
    if (!host) return answers.notFound(response);
    if (host.redirects && !isTls) return answers.toHttps(request, response);
    await answers.carry(host.splits, request, response);
  };

  return {
    program: (next) => {
      snapshot = next;
      look();
    },
    exports: (pod, port) =>
      port === STATISTICS_PORT && deploymentOf(pod) === DEPLOYMENT ? statistics.of(pod) : undefined,
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
      runs: (pod) => deploymentOf(pod) === DEPLOYMENT,
      listensAt: (port) => {
        if (!snapshot) return undefined;
        if (port === HTTP_PORT) return "http";
        // Envoy opens 8443 with a certificate and something to route, not before.
        const hasCertificate = snapshot.certificate !== undefined || snapshot.certificates.size > 0;
        return port === HTTPS_PORT && hasCertificate && snapshot.hosts.size > 0 ? "https" : undefined;
      },
      handle: (request, response, isTls, { pod }) => {
        statistics.watch(pod, response);
        answering(request, response, () => handle(request, response, isTls));
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
