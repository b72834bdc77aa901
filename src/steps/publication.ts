import type { Config } from "../config/config.ts";
import { dnsProvider } from "../dns/index.ts";
import type { DnsProvider, ZonesOptions } from "../dns/provider.ts";
import { type RecordSet, relativeTo, type Zone, type ZonesRead, type ZonesWrite } from "../ports/zones.ts";

/** Where the records of the domain are kept. Steps only read through it. */
export interface Publication {
  readonly provider: DnsProvider;
  readonly zone: Zone;
  readonly zones: ZonesRead;
  /** Wildcards above the domain: they answer for it and what is below, until there are records of its own (rule 17). */
  readonly above: readonly RecordSet[];
  /** What the plan says about the zone's delegation. */
  readonly notes: readonly string[];
}

export interface OpenPublication extends Publication {
  readonly zones: ZonesWrite;
  readonly close: () => void;
}

/**
 * Finds the zone that the parent really delegates to. Reads only. Undefined: nobody writes records. Throws UserError with exit code 2 when
 * the domain is in no zone, the zone is not delegated, or the account may not read it.
 */
export const openPublication = async (
  { dns, domain, dnsZoneId }: Pick<Config, "dns" | "domain" | "dnsZoneId">,
  options: ZonesOptions,
): Promise<OpenPublication | undefined> => {
  const provider = dnsProvider(dns);
  if (!provider || !domain) return undefined;
  const [zones, { chooseZone }] = await Promise.all([provider.open(options), import("../dns/zone-choice.ts")]);
  try {
    const { zone, warnings } = await chooseZone(await zones.find(domain), domain, {
      resolver: options.resolver,
      signal: options.signal,
      zoneId: dnsZoneId,
    });
    return {
      provider,
      zone,
      zones,
      above: await wildcardsAbove(zone, zones, domain),
      notes: warnings.map(({ what }) => what),
      close: zones.close,
    };
  } catch (error) {
    zones.close();
    throw error;
  }
};

const wildcardsAbove = async (zone: Zone, zones: ZonesRead, domain: string): Promise<readonly RecordSet[]> => {
  const labels = domain === zone.name ? [] : domain.slice(0, -(zone.name.length + 1)).split(".");
  const wildcards = labels.map((_, index) => ["*", ...labels.slice(index + 1), zone.name].join("."));
  const found = await Promise.all(
    wildcards.flatMap((name) =>
      (["A", "AAAA", "CNAME"] as const).map((type) => zones.get(zone, relativeTo(zone, name), type)),
    ),
  );
  return found.flat();
};
