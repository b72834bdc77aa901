import { dig } from "../ports/dig.ts";
import type { Resolver } from "../ports/dns.ts";
import { challengeName } from "../ports/dns-name.ts";
import { UserError } from "../ports/error.ts";
import { isInZone, relativeTo, type Zone, type ZonesRead } from "../ports/zones.ts";
import { findCaa } from "./caa.ts";
import { type ChallengePlace, type Kept, locateChallenge, lookAt, refuseDname } from "./challenge.ts";
import { zoneWords } from "./delegation.ts";
import type { DnsProvider } from "./provider.ts";
import { isUnder, type ZoneServers } from "./servers.ts";
import { chooseZone } from "./zone-choice.ts";

/** Where a name is written: everybody who plans, asks, writes, waits or removes goes by this. */
export interface Place {
  /** As the provider has it. */
  readonly zone: Zone;
  /** Absolute, in that zone; for a challenge behind a CNAME, the CNAME's target. */
  readonly name: string;
  /** For the plan, when it is not the usual place. */
  readonly note?: string;
}

/** Each place is looked up once and kept. Reads only. */
export interface Places {
  /**
   * Of the TXT that proves a name of a certificate. Errors with exit code 2: those of {@link locateChallenge}; `dns.challenge-zone` when it leads
   * where these credentials have no zone.
   */
  readonly challenge: (name: string) => Promise<Place>;
  /** Of a record of the domain, given absolutely. Errors with exit code 2: `dns.dname`, `dns.child-zone` when it would not be seen there. */
  readonly record: (name: string) => Promise<Place>;
  /** The CAA records that decide about a name, without `*.`: {@link findCaa}. */
  readonly caa: (name: string) => ReturnType<typeof findCaa>;
}

export interface PlacesOptions {
  readonly resolver: Resolver;
  readonly provider: Pick<DnsProvider, "title" | "byHand">;
  /** Without `get`, nobody is asked what stands in a zone whose name servers cannot be asked. */
  readonly zones: Pick<ZonesRead, "find"> & Partial<Pick<ZonesRead, "get">>;
  /** The domain's own. */
  readonly zone: Zone;
  /** Its name servers. Empty: nobody delegates to it, and nothing can be asked. */
  readonly servers: ZoneServers["servers"];
  /** A label that nobody has, new each time. */
  readonly random: () => string;
  readonly signal?: AbortSignal | undefined;
}

export const createPlaces = (options: PlacesOptions): Places => {
  const { resolver, zone, servers, random, signal } = options;
  const start: ZoneServers = { zone: zone.name, servers };
  return {
    challenge: remembered(challengeName, async (name) => {
      const found = await locateChallenge(resolver, name, { start, random, kept: keptAt(options), signal });
      const { note } = found;
      return { zone: await zoneOf(found, challengeName(name), options), name: found.name, ...(note ? { note } : {}) };
    }),
    record: remembered(String, async (name) => {
      const look = await lookAt(resolver, start, name, random, signal);
      refuseDname(look, name);
      if (look.zone !== zone.name && isUnder(look.zone, zone.name)) throw belowCut(name, look.zone, zone);
      return { zone, name };
    }),
    caa: remembered(String, (name) => findCaa(resolver, name, { start, random, signal })),
  };
};

/** Looks up each name once; a lookup that failed is made again. */
const remembered = <T>(
  keyOf: (name: string) => string,
  find: (name: string) => Promise<T>,
): ((name: string) => Promise<T>) => {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const key = keyOf(name);
    const found = known.get(key) ?? find(name);
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
  };
};

/** By hand, nothing is kept that could be asked for; and of twins nobody knows which one is meant. */
const keptAt =
  ({ provider, zones: { find, get }, zone: own }: PlacesOptions): Kept =>
  async (zoneName, name) => {
    if (provider.byHand || !get) return undefined;
    const same = zoneName === own.name ? [own] : (await find(zoneName)).filter((each) => isOpen(each, zoneName));
    const [zone, ...twins] = same;
    if (!zone || twins.length > 0) return undefined;
    const at = (type: "NS" | "CNAME") => get(zone, relativeTo(zone, name), type);
    const [cuts, [cname]] = await Promise.all([name === zone.name ? [] : at("NS"), at("CNAME")]);
    const [target] = cname?.values ?? [];
    if (target !== undefined) return { target };
    return cuts.length > 0 ? "delegated" : "no";
  };

const isOpen = ({ name, isPrivate }: Zone, wanted: string): boolean => name === wanted && !isPrivate;

/** The provider's zone of that name, the one that the Internet sees. */
const zoneOf = async (found: ChallengePlace, asked: string, options: PlacesOptions): Promise<Zone> => {
  const { zone, zones, provider, resolver, signal } = options;
  if (found.zone === zone.name) return zone;
  // With `--dns manual` the person finds the zone by its name, which the plan shows.
  if (provider.byHand && found.zone !== "")
    return { id: found.zone, name: found.zone, isPrivate: false, nameServers: [] };
  const there = (await zones.find(found.zone)).filter((each) => isInZone(each, found.zone));
  if (there.length === 0) throw elsewhere(found, asked, provider.title);
  const chosen = await chooseZone(there, found.zone, { resolver, signal }).catch((error: unknown) => {
    throw error instanceof UserError && error.kind === "input" ? elsewhere(found, asked, provider.title, error) : error;
  });
  if (chosen.zone.name !== found.zone) throw elsewhere(found, asked, provider.title);
  return chosen.zone;
};

const elsewhere = ({ name, zone, via }: ChallengePlace, asked: string, title: string, cause?: UserError): UserError => {
  const last = via.at(-1);
  const words = zoneWords(zone);
  return new UserError({
    id: "dns.challenge-zone",
    what: `The challenge of ${asked} would have to be written in ${words}, which is not among those that these credentials open at ${title}.`,
    why: [
      last === undefined ? `${zone} is delegated by itself.` : `${[...via, name].join(" is a CNAME to ")}.`,
      ...(cause ? [cause.message] : []),
    ].join(" "),
    remedy: {
      text:
        last === undefined
          ? `Take the delegation of ${zone} away, or use credentials that may write there.`
          : `Take the CNAME at ${last} away, let it lead into a zone of the same credentials, or use credentials that may write to ${words}.`,
      command: dig(["+trace", "CNAME"], last ?? asked),
    },
    kind: "input",
  });
};

const belowCut = (name: string, child: string, zone: Zone): UserError =>
  new UserError({
    id: "dns.child-zone",
    what: `${name} lies in the zone ${child}, and the records of the domain are written to ${zone.name}.`,
    why: `${zone.name} delegates ${child}: what is written above the delegation is never seen.`,
    remedy: {
      text: `Take the delegation of ${child} away, or choose names that do not lie in it (--domain-template flat, other --namespaces).`,
      command: dig(["NS"], child),
    },
    kind: "input",
  });
