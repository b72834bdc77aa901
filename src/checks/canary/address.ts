import { inspect, type TlsSecret } from "../../certificates/secret.ts";
import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { type Address, findAddress } from "../../ingress/address.ts";
import { few } from "../../ports/few.ts";
import { describe, type ObjectRef, textAt } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { type Found, findInstallation } from "../found.ts";
import { SERVED_BY, servedNow } from "../served.ts";
import { addressesOf } from "../through-gateway.ts";
import type { Verdict } from "./answer.ts";
import { hop, type Standing, seconds, timeText } from "./context.ts";
import { unseen } from "./gateway.ts";
import { askPlace } from "./place.ts";
import { publishedBy } from "./way.ts";

/** What {@link targetOf} reads. */
export const TARGET_BY = [
  ...SERVED_BY,
  "Service.serving.knative.dev",
  "Ingress.networking.internal.knative.dev",
  "Node",
  "Secret",
] as const;

/** Where the gateway answers from outside, and with which certificate. */
export interface Target {
  readonly found: Found;
  readonly service: ObjectRef | undefined;
  readonly address: Address | undefined;
  readonly certificate: TlsSecret | undefined;
}

export const targetOf = async (at: Standing): Promise<Target> => {
  const { cluster } = at.ctx;
  const found = await findInstallation(cluster);
  const { service } = await publishedBy(at);
  const secret = await servedNow(cluster, found);
  return {
    found,
    service,
    address: service && (await findAddress(readerOf(cluster), found.exposure, { service })),
    certificate: secret && inspect(await cluster.get(secret)),
  };
};

export const canaryAddress = hop({
  id: "canary.address",
  title: "It answers at the gateway's address",
  needs: ["canary.service"],
  symptomOf: ["ingress.address", "certificate.usable", "certificate.covers"],
  reads: [...TARGET_BY, "probe", "dns"],
  meaning:
    "Inside the cluster the way is right, and from outside it is not: the load balancer, its health checks, a firewall, the node ports, or TLS before the gateway.",
  todo: "Try the request of the finding; look at the load balancer, its listeners and its targets.",
  threads: ["knative/serving#13570", "knative/serving#15156"],
  walk: async (at) => {
    const target = await targetOf(at);
    const { address, service } = target;
    if (!service) return skipped("the ingress names no Service of a gateway");
    if (!address) return withoutAddress(at, service);
    const { resolver, signal } = at.ctx;
    const places = await addressesOf(address, resolver ? { resolver } : {}, signal);
    const asked = await Promise.all(places.map(async (place) => ({ place, ...(await askWays(at, place, target)) })));
    return judgePlaces(at, asked, "the load balancer and what stands before it");
  },
});

const withoutAddress = async ({ ctx }: Standing, service: ObjectRef): Promise<Finding> => {
  const live = await ctx.cluster.get(service);
  const type = textAt(live, "spec", "type") || "ClusterIP";
  if (type !== "LoadBalancer")
    return skipped(`${describe(service)} is of type ${type}: what leads to it from outside is not known here`);
  return fail(
    `${describe(service)} has no address yet`,
    {
      text: "Look at what gives out load balancers.",
      command: sh`kubectl describe service ${service.name} ${inNamespace(service.namespace)}`,
    },
    { evidence: [{ object: service, field: ".status.loadBalancer.ingress", expected: "an address" }] },
  );
};

/** How one address answered, at the ports that were right or were tried last. */
export interface Asked {
  readonly place: string;
  readonly port: number;
  readonly verdict: Verdict;
}

/** At each pair of ports that can be right. */
const askWays = async (
  at: Standing,
  place: string,
  { address, found, certificate }: Target,
): Promise<Omit<Asked, "place">> => {
  let last: Omit<Asked, "place"> | undefined;
  for (const ports of address?.ways ?? []) {
    const verdict = await askPlace(at, place, ports, certificate, found.root);
    last = { port: at.url.startsWith("https:") ? ports.https : ports.http, verdict: onThisMachine(verdict, address) };
    if (verdict.is === "good") return last;
  }
  return last ?? { port: 0, verdict: { is: "unseen", why: "no port is known" } };
};

/** Of kind it is known that its ports are open on the machine that runs it; that may be another one than this. */
const onThisMachine = (verdict: Verdict, address: Address | undefined): Verdict =>
  verdict.is === "bad" && verdict.status === undefined && address?.source.startsWith("kind")
    ? { is: "unseen", why: `on kind the gateway answers on the machine that runs it: ${verdict.what}` }
    : verdict;

/** @param behind what to look at when one of them is not right */
export const judgePlaces = ({ url, host }: Standing, asked: readonly Asked[], behind: string): Finding => {
  const bad = asked.filter(({ verdict }) => verdict.is === "bad");
  const [first] = bad;
  if (first?.verdict.is === "bad") {
    const { place, port, verdict } = first;
    return fail(
      `${place} ${verdict.what} for ${host}`,
      {
        text: `Try it yourself, and look at ${behind}.`,
        command: sh`curl -v --connect-to ${`::${place}:${port}`} ${url}`,
      },
      {
        facts: { url, address: place, ...(verdict.status === undefined ? {} : { status: verdict.status }) },
        evidence: bad.map((one) => ({
          field: `answer of ${one.place}:${one.port}`,
          observed: one.verdict.is === "bad" ? (one.verdict.status ?? one.verdict.what) : undefined,
          expected: 200,
        })),
      },
    );
  }
  const dark = asked.find(({ verdict }) => verdict.is === "unseen")?.verdict;
  if (dark?.is === "unseen")
    return unseen(dark.why, { text: "Look from a machine that is meant to reach it.", command: sh`curl -v ${url}` });
  const ms = Math.max(...asked.map(({ verdict }) => (verdict.is === "good" ? verdict.ms : 0)));
  const places = asked.map(({ place }) => place);
  return ok(`${few(places)} answers within ${timeText(ms)}`, {
    facts: { url, addresses: places, seconds: seconds(ms) },
  });
};
