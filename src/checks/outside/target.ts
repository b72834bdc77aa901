import { isIP } from "node:net";
import { type Finding, fail, ok, skipped, warn } from "../../core/check.ts";
import { dig } from "../../ports/dig.ts";
import type { Remedy } from "../../ports/error.ts";
import type { Evidence, PublishedRecords } from "../../ports/facts.ts";
import { few } from "../../ports/few.ts";
import { isInside } from "../../ports/networks.ts";
import { textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { zoneLines } from "../../ports/zone-file.ts";
import { findInstallation } from "../found.ts";
import { type HealthContext, healthCheck } from "../health-check.ts";
import { isAnotherWay, leadsTo } from "./leads.ts";
import type { Resolved } from "./resolved.ts";
import { GATEWAY_BY, type Gateway, type Located, NOBODY, OUTSIDE, type Outside, outside } from "./view.ts";
import { worst } from "./worst.ts";

const isThere = ({ via, addresses }: Resolved): boolean => via.length > 0 || addresses.length > 0;

/** `*.apps.example.com` with the gateway's addresses, or its name; a DomainMapping's own name. */
const recordsFor = ({ domain }: Located, { hosts }: Gateway): readonly PublishedRecords[] => {
  const name = domain.isMapping ? domain.name : `*.${domain.name}`;
  const of = (type: "A" | "AAAA" | "CNAME", values: readonly string[]): readonly PublishedRecords[] =>
    values.length > 0 ? [{ name, type, ttl: 300, values }] : [];
  return [
    ...of(
      "A",
      hosts.filter((host) => isIP(host) === 4),
    ),
    ...of(
      "AAAA",
      hosts.filter((host) => isIP(host) === 6),
    ),
    ...of("CNAME", hosts.filter((host) => isIP(host) === 0).slice(0, 1)),
  ];
};

const remedyFor = async (ctx: HealthContext, located: Located, gateway: Gateway): Promise<Remedy> => {
  const { choices } = await findInstallation(ctx.cluster);
  const dns = textAt(choices, "dns");
  if (dns !== "" && dns !== "none" && !located.domain.isMapping)
    return { text: "Install writes the records anew.", command: sh`kn-bootstrap install` };
  return {
    text: `Let the records of zone ${located.zone} be these, where they are kept; in place of the older ones.`,
    command: zoneLines(recordsFor(located, gateway)),
  };
};

const judge = async (view: Outside, ctx: HealthContext, located: Located, gateway: Gateway): Promise<Finding> => {
  const { domain, zone } = located;
  const isGuess = domain.hosts.length === 0;
  const hosts = isGuess ? [`${NOBODY}.${domain.name}`] : domain.hosts;
  const all = await Promise.all(hosts.map((host) => view.resolve(host, located)));
  const there = all.filter(isThere);
  const to = few(gateway.hosts);
  if (there.length === 0) {
    if (isGuess) return skipped(`${domain.name} has no Service and no wildcard`);
    return nowhere(view, ctx, located, gateway, hosts);
  }
  const astray = there.filter((one) => leadsTo(one, gateway) !== "all");
  const [first] = astray;
  // That single names are not answered is what dns.shadows is about.
  if (!first) return ok(`${few(there.map(({ host }) => host))} ${there.length === 1 ? "leads" : "lead"} to ${to}`);
  const wrong = first.addresses.find((address) => !gateway.addresses.includes(address));
  const seen = {
    facts: { domain: domain.name, addresses: gateway.addresses },
    evidence: astray.map(
      ({ host, via, addresses }): Evidence => ({
        field: host,
        observed: [...via, ...addresses],
        expected: gateway.hosts,
      }),
    ),
  };
  const remedy = await remedyFor(ctx, located, gateway);
  if (leadsTo(first, gateway) === "some")
    return warn(
      `${first.host} leads to ${few(first.addresses)}, of which ${wrong ?? "some"} is not the gateway's`,
      remedy,
      seen,
    );
  if (wrong === undefined)
    return fail(
      `${first.host} leads to ${few(first.via)}, which has no address; the gateway is at ${to}`,
      remedy,
      seen,
    );
  const way = await isAnotherWay(ctx, gateway, wrong, domain.name);
  const led = `${few(astray.map(({ host }) => host))} ${astray.length === 1 ? "leads" : "lead"} to ${few([...first.via, ...first.addresses])}`;
  if (way === "yes") return ok(`${led}, by which the gateway at ${to} answers`);
  if (way === "no") return fail(`${led}, and the gateway is at ${to}`, remedy, seen);
  return warn(
    `${led}, and the gateway is at ${to}; neither answers from here, so that nobody knows whether one is behind the other`,
    {
      text: `Where nothing is in between, correct the records of zone ${zone}.`,
      ...(remedy.command ? { command: remedy.command } : {}),
    },
    seen,
  );
};

/** No server of the zone knows any of the names. */
const nowhere = async (
  view: Outside,
  ctx: HealthContext,
  located: Located,
  gateway: Gateway,
  hosts: readonly string[],
): Promise<Finding> => {
  const { domain, zone } = located;
  const [host = domain.name] = hosts;
  const here = await view.resolveHere(host);
  if (isThere(here) && leadsTo(here, gateway) !== "none")
    return ok(`${host}: the resolver ${view.resolver.server} alone knows it, as of a zone that is not public`);
  if (gateway.addresses.length > 0 && gateway.addresses.every(isInside))
    return skipped(
      `the gateway is at ${few(gateway.hosts)}, which is for a network of its own, and ${zone} does not know its names`,
    );
  const found = await remedyFor(ctx, located, gateway);
  return fail(
    `no name server of ${zone} knows ${few(hosts)}`,
    found.command ? found : { ...found, command: dig(["+trace", "A"], host) },
    {
      facts: { domain: domain.name },
      evidence: [
        { object: domain.object, field: domain.name },
        ...hosts.map((name) => ({ field: `${name} A`, expected: gateway.hosts })),
      ],
    },
  );
};

export const namesLeadHere = healthCheck({
  id: "dns.target",
  title: "The names of Services lead to the gateway",
  needs: ["ingress.address", "dns.delegated"],
  reads: [...OUTSIDE, ...GATEWAY_BY, "probe"],
  meaning:
    "The records are missing, or still those of a load balancer that is gone or was made anew: requests run into nothing, or reach somebody else.",
  todo: "Correct the records; where kn-bootstrap keeps them, `kn-bootstrap install` does. An address from which the gateway answers all the same, such as a proxy's, is well.",
  run: outside(async (view, ctx) => {
    const gateway = await view.gateway();
    if (!gateway) return skipped("the gateway has no address outside of the cluster that is known");
    const located = await view.located();
    const findings = await Promise.all(located.map((one) => judge(view, ctx, one, gateway)));
    return worst(findings) ?? skipped("there is none");
  }),
});
