import { randomBytes } from "node:crypto";
import { UserError } from "../../ports/error.ts";
import { told } from "../../ports/outside.ts";
import { joined, sh } from "../../ports/shell.ts";
import { absolute, relativeTo, type Zone, type ZonesRead } from "../../ports/zones.ts";
import { authoritativeServers } from "../delegation.ts";
import { manual } from "../manual/index.ts";
import { markerName } from "../ownership.ts";
import { createPlaces, type Places } from "../place.ts";
import type { ZonesOptions } from "../provider.ts";
import { copiesFor } from "../shadows.ts";
import { partitionOf } from "./partition.ts";
import { iamPolicy, type Policy } from "./policy.ts";

export interface PolicyFor {
  readonly domain: string;
  /** `--dns-zone-id`: given, nobody at AWS is asked. */
  readonly zoneId?: string | undefined;
  /** The domain's records, absolute. */
  readonly published: readonly string[];
  /** Names of the certificate, whose challenges are written too. */
  readonly certified: readonly string[];
  /** Opens the zone with the credentials at hand. */
  readonly open: () => Promise<LookedUp | undefined>;
}

interface LookedUp {
  readonly places: Places;
  /** Absent: nobody at AWS is asked what else stands in the zones. */
  readonly zones?: ZonesRead;
  readonly close: () => void;
}

/** The least policy for the records of a domain. Reads only. Without credentials for AWS it needs the zone's id; the zone's name is in the DNS. */
export const policyFor = async (wish: PolicyFor, options: ZonesOptions): Promise<Policy> => {
  const { domain, published, certified } = wish;
  const { places, zones: known, close } = await lookUp(wish, options);
  try {
    const [records, challenges] = await Promise.all([
      Promise.all([...published, markerName(domain)].map(places.record)),
      Promise.all(certified.map(places.challenge)),
    ]);
    const byZone = [...Map.groupBy([...records, ...challenges], ({ zone }) => zone.id).values()];
    const zones = byZone.map(async (same) => {
      const [first] = same;
      if (!first) return [];
      const { zone } = first;
      const names = same.map((place) => place.name);
      if (records.some((record) => record.zone.id === zone.id)) return [{ id: zone.id, name: zone.name, names }];
      const copies = known
        ? await copiesFor(
            zone,
            names.map((name) => relativeTo(zone, name)),
            known,
          )
        : [];
      const types = [...new Set(["TXT", ...copies.map(({ type }) => type)])];
      return [
        { id: zone.id, name: zone.name, names: [...names, ...copies.map((copy) => absolute(zone, copy.name))], types },
      ];
    });
    return iamPolicy({ zones: (await Promise.all(zones)).flat(), partition: (await partitionOf(options.env)).id });
  } finally {
    close();
  }
};

const lookUp = async ({ domain, zoneId, open }: PolicyFor, options: ZonesOptions): Promise<LookedUp> => {
  if (zoneId === undefined) {
    const opened = await open().catch((thrown: unknown) => {
      const error = told(thrown);
      throw error instanceof UserError && isAboutAws(error) ? orByZoneId(error, domain) : error;
    });
    if (opened) return opened;
  }
  return byZoneId(domain, zoneId ?? "", options);
};

/** The zone's name is in the DNS, so its id is all that is needed. */
const byZoneId = async (domain: string, id: string, options: ZonesOptions): Promise<LookedUp> => {
  const { resolver, signal } = options;
  const [found] = await (await manual.open(options)).find(domain);
  const zone: Zone = { id, name: found?.name ?? domain, isPrivate: false, nameServers: [] };
  const servers = await authoritativeServers(resolver, zone.name, signal);
  const zones = { find: async (name: string) => Promise.reject(unknownId(domain, name)) };
  const provider = { title: "Amazon Route 53" };
  return { places: createPlaces({ resolver, provider, zones, zone, servers, random, signal }), close: () => {} };
};

const random = (): string => randomBytes(8).toString("hex");

/** What the DNS itself says of the domain stays as it is, whoever is asked for the zone. */
const isAboutAws = ({ id }: UserError): boolean =>
  id.startsWith("dns.route53.") || id === "dns.no-zone" || id === "dns.unreachable";

const orByZoneId = ({ id, message, why, remedy, kind }: UserError, domain: string): UserError =>
  new UserError({
    id,
    what: message,
    why: [...(why ? [why] : []), "The policy names the hosted zone, which is asked for at AWS."].join("\n"),
    remedy: {
      text: `${remedy.text} Or give the zone's id, by the last command; then nobody at AWS is asked.`,
      command: joined("\n", [
        ...(remedy.command ? [remedy.command] : []),
        sh`kn-bootstrap iam-policy --domain ${domain} --dns-zone-id Z…`,
      ]),
    },
    kind,
  });

/** A challenge that leads into another zone, whose id only AWS can tell. */
const unknownId = (domain: string, name: string): UserError =>
  new UserError({
    id: "iam-policy.zone",
    what: `A challenge of ${domain} leads into the zone ${name}, whose id is not known.`,
    why: "With --dns-zone-id nobody at AWS is asked.",
    remedy: {
      text: "Leave --dns-zone-id out; then the zones are asked for with your credentials:",
      command: sh`kn-bootstrap iam-policy --domain ${domain}`,
    },
    kind: "input",
  });
