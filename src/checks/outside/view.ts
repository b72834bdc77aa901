import { isIP } from "node:net";
import { type Finding, skipped } from "../../core/check.ts";
import { lookAt } from "../../dns/challenge.ts";
import { type Delegation, delegationOf } from "../../dns/delegation.ts";
import { PUBLISHED } from "../../dns/published.ts";
import { isUnder, zoneAbove } from "../../dns/servers.ts";
import { findAddress } from "../../ingress/address.ts";
import { parsed } from "../../kube/choices.ts";
import { STATE } from "../../kube/prior.ts";
import { NoAnswer, type Resolver } from "../../ports/dns.ts";
import { few } from "../../ports/few.ts";
import { dataOf, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { readerOf } from "../../ports/reader.ts";
import { findInstallation } from "../found.ts";
import type { HealthContext, Reading } from "../health-check.ts";
import { DOMAINS_BY, type Domain, type Domains, domainsOf, passedBy } from "./domains.ts";
import { type Resolved, resolvedAt, resolvedHere } from "./resolved.ts";

/** What every check of this folder reads. */
export const OUTSIDE = [...DOMAINS_BY, "dns"] as const satisfies readonly Reading[];
/** What {@link Outside.gateway} reads beside it. */
export const GATEWAY_BY = ["Service", "Node"] as const satisfies readonly Reading[];

/** A label that nobody has. It is always the same, so that a recording knows it. */
export const NOBODY = "kn-bootstrap-nobody-has-this";

/** The zone that a name lies in, as the Internet finds it. */
export interface Zoned {
  readonly zone: string;
  readonly delegation: Delegation;
}

/** A domain, and its zone. */
export interface Located extends Zoned {
  readonly domain: Domain;
}

/** Where the gateway is. */
export interface Gateway {
  /** Addresses and host names, as the cluster tells them. */
  readonly hosts: readonly string[];
  /** The addresses of all of them. */
  readonly addresses: readonly string[];
}

/** What is outside of the cluster, looked at once for all checks of one diagnosis. */
export interface Outside {
  readonly resolver: Resolver;
  readonly domains: Domains;
  readonly located: () => Promise<readonly Located[]>;
  readonly resolve: (host: string, at: Located) => Promise<Resolved>;
  /** The same by the resolver alone. */
  readonly resolveHere: (host: string) => Promise<Resolved>;
  /** Undefined: it is not known, or none outside of the cluster. */
  readonly gateway: () => Promise<Gateway | undefined>;
}

const views = new WeakMap<HealthContext, Promise<Outside | string>>();

/** The view, or why there is none: half a sentence. Throws what keeps the cluster from being read. */
const outsideOf = (ctx: HealthContext): Promise<Outside | string> => {
  const known = views.get(ctx) ?? look(ctx);
  views.set(ctx, known);
  return known;
};

/** Judges what is outside; skipped where nothing there is of the public DNS, and where it cannot be asked, which `dns.resolver` says. */
export const outside =
  (judge: (view: Outside, ctx: HealthContext) => Promise<Finding>) =>
  async (ctx: HealthContext): Promise<Finding> => {
    const view = await outsideOf(ctx);
    return typeof view === "string" ? skipped(view) : judge(view, ctx);
  };

/** Why the resolver cannot be asked: half a sentence. Undefined: it knows the root, so that whatever else it says is about the name. */
export const silenceOf = async (resolver: Resolver, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { rcode } = await resolver.ask("", "NS", signal);
    return rcode === "NOERROR" ? undefined : `${resolver.server} answers ${rcode} even for the root's name servers`;
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
};

/** Where a name of a certificate lies, without `*.`. Undefined: it is not of the public DNS, which cannot be asked, or has no such zone. */
export const locatedFor = async ({ resolver, signal }: HealthContext, name: string): Promise<Zoned | undefined> => {
  if (!resolver || passedBy(name) !== undefined || (await silenceOf(resolver, signal))) return undefined;
  const found = await zoned(resolver, name, "", signal);
  return found.delegation.servers.length > 0 ? found : undefined;
};

const look = async (ctx: HealthContext): Promise<Outside | string> => {
  const { resolver, signal } = ctx;
  const domains = await domainsOf(ctx);
  if (!resolver) return "the DNS is not looked at";
  if (domains.open.length === 0)
    return domains.passed.length > 0 ? few(domains.passed) : "there is no domain outside of the cluster";
  if (await silenceOf(resolver, signal)) return "the resolver does not answer";
  const resolutions = new Map<string, Promise<Resolved>>();
  return {
    resolver,
    domains,
    located: once(async () => {
      const published = await publishedZone(ctx);
      return Promise.all(
        domains.open.map(async (domain) => ({ domain, ...(await zoned(resolver, domain.name, published, signal)) })),
      );
    }),
    resolve: (host, { zone, delegation: { servers } }) => {
      const known = resolutions.get(host) ?? resolvedAt(resolver, host, { zone, servers }, signal);
      resolutions.set(host, known);
      return known;
    },
    resolveHere: (host) => resolvedHere(resolver, host, signal),
    gateway: once(() => gatewayOf(ctx, resolver)),
  };
};

const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work();
    return running;
  };
};

/** The zone that we have written to. Empty: none. */
const publishedZone = async ({ cluster }: HealthContext): Promise<string> =>
  textAt(parsed(dataOf(await readable(cluster.get(STATE)))[PUBLISHED]), "zone", "name");

const zoned = async (resolver: Resolver, name: string, published: string, signal: AbortSignal): Promise<Zoned> => {
  const isOurs = published !== "" && isUnder(name, published);
  const zone = isOurs ? published : await zoneOf(resolver, name, signal);
  return { zone, delegation: await delegationOf(resolver, zone, signal) };
};

const zoneOf = async (resolver: Resolver, name: string, signal: AbortSignal): Promise<string> => {
  const found = await lookAt(resolver, await zoneAbove(resolver, name, signal), name, () => NOBODY, signal);
  if (!found.isUnasked) return found.zone;
  const { answers, authority } = await resolver.ask(name, "SOA", signal);
  const soa = [...answers, ...authority].find(({ type, name: owner }) => type === "SOA" && isUnder(name, owner));
  return soa?.name ?? found.zone;
};

const gatewayOf = async ({ cluster, signal }: HealthContext, resolver: Resolver): Promise<Gateway | undefined> => {
  const { ingress, exposure } = await findInstallation(cluster);
  const address = ingress && (await findAddress(readerOf(cluster), exposure, ingress));
  if (!address) return undefined;
  const found = await Promise.all(
    address.hosts.map(async (host) => (isIP(host) ? [host] : (await resolvedHere(resolver, host, signal)).addresses)),
  );
  return { hosts: address.hosts, addresses: found.flat() };
};
