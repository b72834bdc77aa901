import { isIP } from "node:net";
import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { hostsOf } from "../../ingress/address.ts";
import { messageOf, type Remedy } from "../../ports/error.ts";
import type { Evidence } from "../../ports/facts.ts";
import type { ProbeResponse } from "../../ports/http.ts";
import { isInside } from "../../ports/networks.ts";
import { at, describe, isRecord, type KubeObject, refOf } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import { ENTERED_BY, entranceOf } from "./entrance.ts";
import { holdersOf, release } from "./port-holders.ts";

/** Nobody's (RFC 2606, section 2): a gateway answers for it by itself. */
const NOBODY = "nobody.invalid";
const TIMEOUT_MS = 3_000;

/** What other servers say of themselves. An Envoy names itself in `server`, in answers of its own as well. */
const STRANGERS: readonly (readonly [name: string, is: (response: ProbeResponse) => boolean])[] = [
  // Go's own words, without a server's name: Traefik's for a host that it does not know.
  ["Traefik", ({ status, headers, body }) => status === 404 && !headers.server && body === "404 page not found\n"],
  ["HAProxy", ({ headers, body }) => !headers.server && /^<html><body><h1>\d{3} [A-Z][a-z]+ /.test(body)],
  ["nginx", ({ headers }) => /^(nginx|openresty)/i.test(headers.server ?? "")],
  ["Caddy", ({ headers }) => /^caddy/i.test(headers.server ?? "")],
  ["Apache", ({ headers }) => /^apache/i.test(headers.server ?? "")],
  ["IIS", ({ headers }) => /^microsoft-(iis|httpapi)/i.test(headers.server ?? "")],
];

export const gatewayAnswers = healthCheck({
  id: "ingress.answered",
  title: "Who answers at the gateway's address is the gateway",
  needs: ["ingress.address"],
  symptomOf: ["ingress.proxy-protocol", "ingress.endpoints"],
  reads: [...ENTERED_BY, "Pod", "probe"],
  meaning:
    'Something else has ports 80 and 443 of that address, such as the Traefik that k3s brings: every Service answers "404 page not found", or with somebody else\'s certificate.',
  todo: "Take the other one away, or give it other ports: the finding names it. For k3s: start it with `--disable traefik`.",
  threads: ["knative/serving#13570", "k3s-io/k3s#1969"],
  run: async (ctx) => {
    const [{ service }, services, pods] = await Promise.all([
      entranceOf(ctx),
      ctx.cluster.list({ apiVersion: "v1", kind: "Service" }),
      ctx.cluster.list({ apiVersion: "v1", kind: "Pod" }),
    ]);
    const hosts = hostsOf(service);
    const [host] = hosts;
    if (!service || host === undefined) return skipped("the gateway has no load balancer");
    const [sharing] = holdersOf(services, service, hosts);
    if (sharing)
      return fail(
        `${describe(sharing.service)} has port ${sharing.port} of ${host} as well: only one of the two gets what is asked there`,
        release(sharing.service),
        { evidence: [place(sharing.service, hostsOf(sharing.service)), place(service, hosts)] },
      );
    try {
      const response = await ctx.probe({
        scheme: "http",
        address: host,
        port: 80,
        host: NOBODY,
        timeoutMs: TIMEOUT_MS,
      });
      return judge(response, host, service, { services, pods });
    } catch (error) {
      return unreached(host, error);
    }
  },
});

const place = (service: KubeObject, hosts: readonly string[]): Evidence => ({
  object: refOf(service),
  field: ".status.loadBalancer.ingress",
  observed: hosts,
});

const judge = (
  response: ProbeResponse,
  host: string,
  service: KubeObject,
  { services, pods }: { readonly services: readonly KubeObject[]; readonly pods: readonly KubeObject[] },
): Finding => {
  const { status, headers } = response;
  const stranger = STRANGERS.find(([, is]) => is(response))?.[0];
  if (stranger === undefined)
    return ok(
      `the gateway answers at ${host}${status === 404 ? " (404, as for a name that no Service has)" : ` (${status})`}`,
      { facts: { address: host, status } },
    );
  const others = holdersOf(services, service).map((one) => one.service);
  const called = others.find(({ metadata }) => metadata.name.includes(stranger.toLowerCase()));
  const pod = pods.find(hasPort80);
  return fail(`${stranger} answers at ${host}, where the gateway should`, called ? release(called) : find(pod), {
    facts: { address: host, status },
    evidence: [
      { field: "server", observed: headers.server ?? `none, and the body of ${stranger}`, expected: "envoy" },
      ...(called ? [place(called, hostsOf(called))] : []),
      ...(pod ? [{ object: refOf(pod), field: ".spec.containers[*].ports[*].hostPort" }] : []),
    ],
  });
};

/** It takes the port of its node, and what comes there never gets to a Service's pods. */
const hasPort80 = (pod: KubeObject): boolean => {
  const containers = at(pod, "spec", "containers");
  return (Array.isArray(containers) ? containers : [])
    .flatMap((container) => at(container, "ports") ?? [])
    .some((port) => isRecord(port) && port.hostPort === 80);
};

const find = (pod: KubeObject | undefined): Remedy => ({
  text: pod
    ? `${describe(pod)} has port 80 of its node: move it, or give it another port.`
    : "Find out what has port 80 there: another load balancer, or a program on the machine itself.",
  command: sh`kubectl get services,pods --all-namespaces -o wide`,
});

/** This machine may well be outside of where a private address is reached. */
const unreached = (host: string, error: unknown): Finding =>
  isUnseen(host)
    ? skipped(`this machine does not reach ${host}: ${messageOf(error)}`)
    : warn(
        `nothing answers at ${host}, port 80, from here: ${messageOf(error)}`,
        {
          text: "Look at firewalls and security groups before it, and whether this machine may reach it:",
          command: sh`curl -v http://${isIP(host) === 6 ? `[${host}]` : host}/`,
        },
        { facts: { address: host } },
      );

/** Names too that clouds give to what is inside. */
const isUnseen = (host: string): boolean => isInside(host) || /^internal-/.test(host);
