import { findInstallation } from "../../checks/found.ts";
import type { HealthContext, RecordsAccess, RecordsClosed } from "../../checks/health-check.ts";
import { NOBODY } from "../../checks/outside/view.ts";
import { dnsProvider } from "../../dns/index.ts";
import type { DnsProvider, ZonesOptions } from "../../dns/provider.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import type { Resolver } from "../../ports/dns.ts";
import { UserError } from "../../ports/error.ts";
import { textAt } from "../../ports/object.ts";
import { type RecordSet, type ZonesTrial, ZonesUnreachable } from "../../ports/zones.ts";
import { inTime } from "./in-time.ts";
import type { Ask, Questions } from "./questions.ts";

/** How long a provider is waited for, in milliseconds. */
const MS = 10_000;

type Asking<A extends keyof Questions> = (
  of: Questions[A]["of"],
  signal?: AbortSignal,
) => Promise<Questions[A]["answer"]>;

/** What a DNS provider tells whoever has credentials for it; each question opens it and lets it go. */
export const askZones = (
  options: Pick<ZonesOptions, "env" | "learn" | "resolver">,
): {
  readonly [A in "credentials" | "zones" | "recordSets" | "recordSetsUnder" | "trial"]: Asking<A>;
} => {
  const opened = async <T>(
    id: string,
    signal: AbortSignal | undefined,
    ask: (zones: ZonesTrial, until: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const provider = known(id);
    const late = (cause: unknown) =>
      new ZonesUnreachable(`${provider.title} has not answered within ${MS / 1000} s`, cause);
    return inTime(MS, signal, late, async (until) => {
      const zones = await provider.open({ ...options, signal: until, onTrouble: () => {}, interactive: false });
      try {
        return await ask(zones, until);
      } finally {
        zones.close();
      }
    });
  };
  return {
    credentials: async ({ provider }) => (await known(provider).zoneNames?.(options)) !== undefined,
    zones: ({ provider, domain }, signal) => opened(provider, signal, (zones) => zones.find(domain)),
    recordSets: ({ provider, zone, name, type }, signal) =>
      opened(provider, signal, async (zones) => (await zones.get(zone, name, type)).map(withoutText)),
    recordSetsUnder: ({ provider, zone, under }, signal) =>
      opened(provider, signal, async (zones) => (await zones.list(zone, under))?.map(withoutText) ?? null),
    trial: ({ provider, zone, records }, signal) =>
      opened(provider, signal, async (zones, until) => (await zones.rehearse(zone, records, until)) ?? null),
  };
};

const known = (id: string): DnsProvider => {
  const provider = dnsProvider(id);
  if (!provider) throw new Error(`${id} is no DNS provider`);
  return provider;
};

/** How many stand there counts; what people put into a TXT is nobody's business. */
const withoutText = (set: RecordSet): RecordSet =>
  set.type === "TXT" ? { ...set, values: set.values.map(() => "[redacted]") } : set;

interface RecordsOptions {
  readonly cluster: Pick<ClusterRead, "get">;
  readonly resolver: Resolver;
  readonly signal: AbortSignal;
  /** Whether a write may be tried without effect. */
  readonly tries: boolean;
}

/** The way to the records by such answers, for an installation of ours, where there are credentials. It is opened when it is asked for. */
export const recordsBy = (ask: Ask, options: RecordsOptions): NonNullable<HealthContext["records"]> => {
  let opening: Promise<RecordsAccess | RecordsClosed> | undefined;
  return () => {
    opening ??= open(ask, options);
    return opening;
  };
};

const open = async (
  ask: Ask,
  { cluster, resolver, signal, tries }: RecordsOptions,
): Promise<RecordsAccess | RecordsClosed> => {
  const { choices } = await findInstallation(cluster);
  const [id, domain, zoneId] = ["dns", "domain", "dns-zone-id"].map((choice) => textAt(choices, choice));
  const provider = dnsProvider(id ?? "");
  if (!provider || !domain) return { closed: "nobody writes records for this domain" };
  if (provider.byHand) return { closed: "a person writes the records of this domain" };
  const at = { provider: provider.id };
  if (!(await ask("credentials", at, signal)))
    return { closed: `no credentials for ${provider.title} are at hand here: ${provider.credentials}` };
  const zones: ZonesTrial = {
    find: (name) => ask("zones", { ...at, domain: name }, signal),
    get: (zone, name, type) => ask("recordSets", { ...at, zone, name, type }, signal),
    list: async (zone, under) => (await ask("recordSetsUnder", { ...at, zone, under }, signal)) ?? undefined,
    rehearse: async (zone, records) => (await ask("trial", { ...at, zone, records }, signal)) ?? undefined,
  };
  // Who looks may have others than who renews: that they open nothing here says nothing of the renewal.
  const others = (why: string) => ({
    closed: `the credentials for ${provider.title} that are at hand here open no zone of ${domain}: ${why}`,
  });
  try {
    const found = await zones.find(domain);
    if (found.length === 0) return others("there is none");
    const [{ chooseZone }, { createPlaces }] = await Promise.all([
      import("../../dns/zone-choice.ts"),
      import("../../dns/place.ts"),
    ]);
    const { zone, delegation } = await chooseZone(found, domain, { resolver, signal, ...(zoneId ? { zoneId } : {}) });
    const places = createPlaces({
      ...{ resolver, provider, zones, zone, servers: delegation?.servers ?? [], signal },
      // The same in the next look, and from a recording.
      random: () => NOBODY,
    });
    return { provider, zone, zones, places, isOnlyRead: !tries };
  } catch (error) {
    if (error instanceof UserError && error.kind === "input") return others(error.message);
    throw error;
  }
};
