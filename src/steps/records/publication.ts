import { randomBytes } from "node:crypto";
import type { Config } from "../../config/config.ts";
import { type Naming, ownNaming } from "../../config/naming.ts";
import { dnsProvider } from "../../dns/index.ts";
import type { Places } from "../../dns/place.ts";
import type { DnsProvider, ZonesOptions } from "../../dns/provider.ts";
import { type SealedZones, sealZones } from "../../ports/sealed.ts";
import { type RecordSet, relativeTo, type Zone, type ZonesRead } from "../../ports/zones.ts";

/** Where the records of the domain are kept. Steps only read through it. */
export interface Publication {
  readonly provider: DnsProvider;
  /** Of the domain whose records they are. */
  readonly naming: Naming;
  readonly zone: Zone;
  readonly zones: ZonesRead;
  /** Where each name is written: looked up once, and the same for the plan, the write and its removal. */
  readonly places: Places;
  /** Wildcards above the domain: they answer for it and what is below, until there are records of its own (rule 17). */
  readonly above: readonly RecordSet[];
  /** What the plan says about the zone's delegation. */
  readonly notes: readonly string[];
}

export interface OpenPublication extends Publication {
  /** Also works for a while after a signal: what stands in the zone for the time of an order has to go. */
  readonly sealed: SealedZones;
  readonly close: () => void;
}

/** Cleaning up after a signal may take so long, in milliseconds. */
const CLEANUP_MS = 20_000;

/**
 * Finds the zone that the parent really delegates to. Reads only. Undefined: nobody writes records. Throws UserError with exit code 2 when
 * the domain is in no zone, the zone is not delegated, or the account may not read it.
 */
export const openPublication = async (
  config: Pick<Config, "dns" | "domain" | "dnsZoneId" | "domainTemplate" | "namespaces" | "tls">,
  options: ZonesOptions,
): Promise<OpenPublication | undefined> => {
  const provider = dnsProvider(config.dns);
  const naming = ownNaming(config);
  if (!provider || !naming) return undefined;
  const { domain } = naming;
  const lifetime = outlasting(options.signal);
  const [writing, { chooseZone }, { createPlaces }] = await Promise.all([
    provider.open({ ...options, signal: lifetime.signal }),
    import("../../dns/zone-choice.ts"),
    import("../../dns/place.ts"),
  ]);
  const zones = promptly(writing, options.signal);
  const close = (): void => {
    lifetime.abort();
    writing.close();
  };
  try {
    const { resolver, signal } = options;
    const found = await zones.find(domain);
    if (found.length === 0 && writing.noZone) throw writing.noZone(domain);
    const { zone, delegation, warnings } = await chooseZone(found, domain, {
      resolver,
      signal,
      zoneId: config.dnsZoneId,
    });
    const servers = delegation?.servers ?? [];
    return {
      provider,
      naming,
      zone,
      zones,
      sealed: sealZones(writing),
      places: createPlaces({ resolver, provider, zones, zone, servers, random, signal }),
      above: await wildcardsAbove(zone, zones, domain),
      notes: [...(writing.notes ?? []), ...warnings.map(({ what }) => what)],
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
};

const random = (): string => randomBytes(8).toString("hex");

/** Aborts CLEANUP_MS after `signal`, so that cleanup can finish. */
const outlasting = (signal: AbortSignal): AbortController => {
  const late = new AbortController();
  const begin = (): void => {
    setTimeout(() => late.abort(signal.reason), CLEANUP_MS).unref();
  };
  if (signal.aborted) late.abort(signal.reason);
  else signal.addEventListener("abort", begin, { once: true });
  return late;
};

/** The same reads, which end with the signal. */
const promptly = (zones: ZonesRead, signal: AbortSignal): ZonesRead => {
  const unlessAborted = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const give = (): void => reject(signal.reason);
      if (signal.aborted) give();
      signal.addEventListener("abort", give, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
    });
  return {
    find: (domain) => unlessAborted(zones.find(domain)),
    get: (zone, name, type) => unlessAborted(zones.get(zone, name, type)),
    list: (zone, under) => unlessAborted(zones.list(zone, under)),
  };
};

const wildcardsAbove = async (zone: Zone, zones: ZonesRead, domain: string): Promise<readonly RecordSet[]> => {
  const labels = domain === zone.name ? [] : domain.slice(0, -(zone.name.length + 1)).split(".");
  const wildcards = labels.map((_, index) => ["*", ...labels.slice(index + 1), zone.name].join("."));
  const found = await Promise.all(
    wildcards.flatMap((name) =>
      (["A", "AAAA", "CNAME", "TXT"] as const).map((type) => zones.get(zone, relativeTo(zone, name), type)),
    ),
  );
  return found.flat();
};
