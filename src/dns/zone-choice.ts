import { dig } from "../ports/dig.ts";
import type { Resolver } from "../ports/dns.ts";
import { type Remedy, UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { isInZone, type Zone } from "../ports/zones.ts";
import {
  type Delegation,
  type DelegationProblem,
  delegationOf,
  delegationProblem,
  delegationRemedy,
  delegationWords,
  type Match,
  matchOf,
  referralOf,
} from "./delegation.ts";
import { providers } from "./index.ts";
import { askOneOf, isUnder, type NameServer } from "./servers.ts";

export interface ZoneChoice {
  /** `--dns-zone-id`. */
  readonly zoneId?: string | undefined;
  readonly resolver: Resolver;
  readonly signal?: AbortSignal | undefined;
}

export interface ChosenZone {
  readonly zone: Zone;
  /** How it is delegated; absent for a private zone, to which nobody delegates. */
  readonly delegation?: Delegation;
  /** What to tell, but not to stop for. */
  readonly warnings: readonly DelegationProblem[];
}

const shown = ({ id, name, isPrivate, nameServers }: Zone): string => {
  const label = id === name ? name : `${name} (${id})`;
  return isPrivate ? `${label}, private` : nameServers.length > 0 ? `${label} on ${nameServers.join(", ")}` : label;
};

const listed = (zones: readonly Zone[]): string =>
  zones.length === 0 ? "There is no zone at all." : `There is: ${zones.map(shown).join("; ")}.`;

const refuse = (id: string, what: string, why: string | undefined, remedy: Remedy): UserError =>
  new UserError({ id: `dns.${id}`, what, ...(why === undefined ? {} : { why }), remedy, kind: "input" });

const byId = (domain: string, zone: Zone | undefined): Remedy => ({
  text: "Name the zone to write to.",
  command: sh`kn-bootstrap plan --domain ${domain} --dns-zone-id ${zone?.id ?? "ID"}`,
});

/**
 * The longest zone that its parent really delegates to, so that what is written to it is what the Internet sees. Twins (zones of one name) are
 * told apart by their name servers. A private zone only when `zoneId` names it. `zones` are the provider's, at or above the domain;
 * others are only listed in errors. Errors, all with exit code 2: `dns.no-zone`, `dns.zone-id`, `dns.not-delegated`, `dns.twin-zones`,
 * `dns.child-zone`; and `dns.resolver` (3).
 */
export const chooseZone = async (
  zones: readonly Zone[],
  domain: string,
  { zoneId, resolver, signal }: ZoneChoice,
): Promise<ChosenZone> => {
  const candidates = zones.filter((zone) => isInZone(zone, domain));
  if (zoneId !== undefined) {
    const zone = namedZone(zones, domain, zoneId);
    if (zone.isPrivate) return { zone, warnings: [] };
    return finish(resolver, await judged(resolver, [zone], signal), [], domain, signal);
  }
  const open = candidates.filter(({ isPrivate }) => !isPrivate);
  if (open.length === 0) throw noZone(zones, candidates, domain);

  const names = [...new Set(open.map(({ name }) => name))].sort((a, b) => b.length - a.length);
  const refused: Judged[] = [];
  for (const name of names) {
    const judgement = await judged(
      resolver,
      open.filter((zone) => zone.name === name),
      signal,
    );
    if (judgement.fitting.length > 0) return finish(resolver, judgement, refused, domain, signal);
    refused.push(judgement);
    // The name is taken by somebody else's servers: what is above it never sees the domain.
    if (judgement.delegation.servers.length > 0) break;
  }
  const [first] = refused;
  throw first ? notDelegated(first) : noZone(zones, candidates, domain);
};

/** Zones of one name, beside what the parent says. */
interface Judged {
  readonly twins: readonly Zone[];
  readonly delegation: Delegation;
  /** Those that the parent means, best first. */
  readonly fitting: readonly Zone[];
  /** Of those, the ones that fit no better and no worse than the first. */
  readonly equal: readonly Zone[];
  /** Twins of which addresses alone say that the parent means them. */
  readonly hinted: readonly Zone[];
}

const judged = async (resolver: Resolver, twins: readonly Zone[], signal?: AbortSignal): Promise<Judged> => {
  const delegation = await delegationOf(resolver, twins[0]?.name ?? "", signal);
  const matches = await Promise.all(
    twins.map(async (zone) => ({ zone, match: await matchOf(resolver, delegation, zone, signal) })),
  );
  const of = (by: Match["by"], extent: Match["extent"]): readonly Zone[] =>
    matches.filter(({ match }) => match.by === by && match.extent === extent).map(({ zone }) => zone);
  const hinted = [...of("address", "all"), ...of("address", "some")];
  // Names first: what is delegated to by name is meant, whoever else has servers at these addresses.
  const ranks = [of("name", "all"), of("name", "some"), of("address", "all"), of("address", "some")];
  const sure = ranks.flat();
  const fitting = sure.length > 0 ? sure : of("name", "unknown");
  const equal = sure.length > 0 ? (ranks.find((rank) => rank.length > 0) ?? []) : fitting;
  return { twins, delegation, fitting, equal, hinted: twins.length > 1 ? hinted : [] };
};

const finish = async (
  resolver: Resolver,
  judgement: Judged,
  refused: readonly Judged[],
  domain: string,
  signal?: AbortSignal,
): Promise<ChosenZone> => {
  const { fitting, equal, hinted, delegation } = judgement;
  const [zone] = fitting;
  if (!zone) throw notDelegated(judgement);
  if (equal.length > 1 && equal.every((twin) => isServedAlike(twin, zone, hinted)))
    throw refuse(
      "twin-zones",
      zone.nameServers.length === 0
        ? `There are ${equal.length} zones ${zone.name}, and the provider does not say which servers are whose.`
        : `There are ${equal.length} zones ${zone.name} with the same name servers: which of them is answered from, nobody can tell.`,
      listed(equal),
      byId(domain, zone),
    );
  const [problem] = await Promise.all([
    delegationProblem(resolver, delegation, zone, signal),
    refuseChild(resolver, zone, delegation.servers, domain, signal),
  ]);
  const unused = refused.flatMap(({ twins, delegation: none }) =>
    twins.map(
      (twin): DelegationProblem => ({
        severity: "warn",
        what: `zone ${shown(twin)} is not used: ${delegationWords(none)}`,
        remedy: delegationRemedy(none, twin.nameServers),
      }),
    ),
  );
  const shared = (hinted.includes(zone) ? [zone] : hinted).map((twin) => sharing(twin, zone, delegation));
  return { zone, delegation, warnings: [...(problem ? [problem] : []), ...shared, ...unused] };
};

/** By the same names, or all by addresses alone, which cannot tell twins apart. */
const isServedAlike = (twin: Zone, zone: Zone, hinted: readonly Zone[]): boolean =>
  hinted.includes(twin) || twin.nameServers.toSorted().join() === zone.nameServers.toSorted().join();

/** Addresses have had a say, or might be taken for one. */
const sharing = (twin: Zone, zone: Zone, delegation: Delegation): DelegationProblem => ({
  severity: "warn",
  what:
    twin === zone
      ? `zone ${shown(zone)} is told from its twins by addresses alone: ${delegationWords(delegation)}`
      : `zone ${shown(twin)} has name servers at the same addresses as ${shown(zone)}: their names decide`,
  remedy: delegationRemedy(delegation, zone.nameServers),
});

const namedZone = (zones: readonly Zone[], domain: string, zoneId: string): Zone => {
  const zone = zones.find(({ id }) => id === zoneId);
  if (!zone)
    throw refuse("zone-id", `There is no zone ${zoneId} at or above ${domain}.`, listed(zones), byId(domain, zones[0]));
  if (isInZone(zone, domain)) return zone;
  throw refuse(
    "zone-id",
    `${domain} does not lie in zone ${shown(zone)}.`,
    listed(zones),
    byId(
      domain,
      zones.find((other) => isInZone(other, domain)),
    ),
  );
};

const noZone = (zones: readonly Zone[], candidates: readonly Zone[], domain: string): UserError => {
  const [hidden] = candidates;
  if (hidden)
    return refuse(
      "no-zone",
      `${domain} lies only in a private zone: ${shown(hidden)}.`,
      "Nobody outside its network sees what is written there, and no public CA can validate it.",
      byId(domain, hidden),
    );
  return refuse("no-zone", `The DNS provider has no zone for ${domain}.`, listed(zones), {
    text: `Make a zone for it or for a name above it, or name the account that has one (${providers.flatMap(({ accountVariable = [] }) => accountVariable).join(", ")}).`,
    command: dig(["+short", "NS"], domain.split(".").slice(-2).join(".")),
  });
};

const notDelegated = ({ twins, delegation }: Judged): UserError => {
  const said = delegationWords(delegation);
  const [zone, ...others] = twins;
  if (!zone)
    return refuse("not-delegated", `${delegation.zone} is not delegated.`, said, delegationRemedy(delegation, []));
  if (others.length > 0)
    return refuse(
      "twin-zones",
      `There are ${twins.length} zones ${zone.name}, and the Internet uses none of them: ${said}.`,
      listed(twins),
      {
        ...delegationRemedy(delegation, zone.nameServers),
        text: `Choose one, delete the others, and set the name servers of ${zone.name} to those of the one you keep: ${twins
          .map(({ id, nameServers }) => `${id}: ${nameServers.join(", ")}`)
          .join("; ")}.`,
      },
    );
  const why =
    delegation.servers.length > 0
      ? `Zone ${zone.id} is served by ${zone.nameServers.join(", ")}: nobody would see what is written there.`
      : "Nobody would see what is written there.";
  const what =
    delegation.servers.length > 0
      ? `${zone.name} is delegated to others: ${said}.`
      : `${zone.name} is not delegated: ${said}.`;
  return refuse("not-delegated", what, why, delegationRemedy(delegation, zone.nameServers));
};

/** A deeper zone takes the name over; then records of the zone above it are never seen. */
const refuseChild = async (
  resolver: Resolver,
  zone: Zone,
  servers: readonly NameServer[],
  domain: string,
  signal?: AbortSignal,
): Promise<void> => {
  if (domain === zone.name) return;
  const child = await childOf(resolver, zone.name, servers, domain, signal);
  if (!child) return;
  throw refuse(
    "child-zone",
    `${domain} lies in the zone ${child.name}, which the DNS provider does not have.`,
    `${zone.name} delegates it${child.servers.length > 0 ? ` to ${child.servers.join(", ")}` : ""}; what is written to zone ${shown(zone)} is never seen there.`,
    {
      text: `Use the account or server that has ${child.name}, or take its delegation out of ${zone.name}, or choose another domain.`,
      command: dig(["NS"], child.name),
    },
  );
};

/** The zone below this one that a name lies in, as the zone's own servers tell. Undefined: none, or they cannot be asked. */
export const childOf = async (
  resolver: Resolver,
  zone: string,
  servers: readonly NameServer[],
  name: string,
  signal?: AbortSignal,
): Promise<{ readonly name: string; readonly servers: readonly string[] } | undefined> => {
  const said = await askOneOf(resolver, servers, name, "SOA", signal);
  if (!said) return undefined;
  const { answer } = said;
  const cut = referralOf(answer, zone, name);
  if (cut !== undefined) {
    const names = answer.authority.filter((record) => record.type === "NS" && record.name === cut);
    return { name: cut, servers: names.map(({ value }) => value) };
  }
  // One server for both: it answers from the deeper one.
  const soa = [...answer.answers, ...answer.authority].find(({ type }) => type === "SOA")?.name;
  return soa !== undefined && soa !== zone && isUnder(soa, zone) && isUnder(name, soa)
    ? { name: soa, servers: [] }
    : undefined;
};
