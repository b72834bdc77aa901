import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../ports/error.ts";
import type { PublishedRecords, RecordsTask } from "../../ports/facts.ts";
import type { Lines } from "../../ports/shell.ts";
import { zoneLines } from "../../ports/zone-file.ts";
import { absolute, isInZone, type RecordSet, type Zone, type ZonesWrite } from "../../ports/zones.ts";
import { authoritativeServers } from "../delegation.ts";
import type { DnsProvider, ZonesOptions } from "../provider.ts";
import { askOneOf, type NameServer } from "../servers.ts";
import { withdrawing } from "../withdraw.ts";

/** Pause between two looks at what the person has published. */
const LOOK_MS = 1_000;

const published = (zone: Zone, { name, type, ttl = 300, values }: RecordSet): PublishedRecords => ({
  name: absolute(zone, name),
  type,
  ttl,
  values,
});

/** A line for each value, as zone files have it. */
export const zoneLine = (zone: Zone, set: RecordSet): Lines => zoneLines([published(zone, set)]);

export const openManual: DnsProvider["open"] = async (options) => {
  const servers = new Map<string, Promise<readonly NameServer[]>>();
  const serversOf = (zone: Zone): Promise<readonly NameServer[]> => {
    const known = servers.get(zone.name) ?? authoritativeServers(options.resolver, zone.name, options.signal);
    servers.set(zone.name, known);
    known.catch(() => servers.delete(zone.name));
    return known;
  };
  const ask = async (zone: Zone, name: string, type: RecordSet["type"]): Promise<readonly RecordSet[]> => {
    const fqdn = absolute(zone, name);
    const { resolver, signal } = options;
    const said = await askOneOf(resolver, await serversOf(zone), fqdn, type, signal, (answer) => answer.authoritative);
    const records = (said?.answer.answers ?? []).filter((record) => record.name === fqdn && record.type === type);
    const [first] = records;
    return first ? [{ name, type, ttl: first.ttl, values: records.map(({ value }) => value) }] : [];
  };
  const change: ZonesWrite["change"] = async (zone, changes, signal = options.signal) => {
    const wanted = changes.flatMap(({ to }) => (to ? [to] : []));
    const gone = changes.flatMap(({ from, to }) => (from && !to ? [from] : []));
    const task = (action: RecordsTask["action"], sets: readonly RecordSet[]): void =>
      options.onTask?.({ action, zone: zone.name, records: sets.map((set) => published(zone, set)) });
    if (gone.length > 0) task("remove", gone);
    for (;;) {
      // The person who publishes may correct the delegation as well, so the servers are looked up again.
      servers.delete(zone.name);
      const looks = wanted.map(async (set) => (isShown(set, await ask(zone, set.name, set.type)) ? [] : [set]));
      const missing = (await Promise.all(looks)).flat();
      if (missing.length === 0) return;
      if (!options.interactive) throw nobodyThere(zone, missing);
      task("publish", missing);
      await sleep(LOOK_MS, undefined, { signal });
    }
  };
  return {
    find: (domain) => zonesAbove(domain, options),
    get: ask,
    list: async () => undefined,
    change,
    withdraw: withdrawing({ get: ask, change }),
    rehearse: async () => undefined,
    close: () => {},
  };
};

/** The values may stand among others. */
const isShown = (set: RecordSet, found: readonly RecordSet[]): boolean => {
  const values = new Set(found.flatMap((other) => other.values));
  return set.values.every((value) => values.has(value));
};

/** The zone that the DNS itself shows for a domain: the first name from it upwards with a SOA. */
const zonesAbove = async (domain: string, { resolver, signal }: ZonesOptions): Promise<readonly Zone[]> => {
  for (let name = domain; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
    const answer = await resolver.ask(name, "SOA", signal);
    const soa = [...answer.answers, ...answer.authority].find((record) => record.type === "SOA" && record.name !== "");
    if (soa && isInZone({ name: soa.name }, domain)) {
      return [{ id: soa.name, name: soa.name, isPrivate: false, nameServers: [] }];
    }
  }
  return [];
};

const nobodyThere = (zone: Zone, missing: readonly RecordSet[]): UserError => {
  const records = missing.map((set) => published(zone, set));
  const [what, them] = missing.length === 1 ? ["A record has", "it"] : ["Records have", "them"];
  return new UserError({
    id: "dns.publish",
    what: `${what} to be published in zone ${zone.name}.`,
    why: "With --dns manual a person does that, and there is nobody at a terminal.",
    remedy: {
      text: `Publish ${them} in place of what is there, then run the same command again; it goes on where it stopped:`,
      command: zoneLines(records),
    },
    kind: "person",
    seen: { facts: { records } },
  });
};
