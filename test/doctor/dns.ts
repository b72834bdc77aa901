import type { Answer, ResourceRecord } from "../../src/ports/dns.ts";
import { lookup, type Rr } from "../../src/sandbox/dns/lookup.ts";
import { isWithin } from "../../src/sandbox/dns/names.ts";
import type { Content, RecordSet } from "../../src/sandbox/dns/zone.ts";

/** A zone, its name servers, and what stands in it: `"*.apps A 192.0.2.1"`, names relative to it. */
export interface SceneZone {
  readonly name: string;
  /** Name to address. */
  readonly servers: Readonly<Record<string, string>>;
  readonly records?: readonly string[];
  /** What the zone says of itself; absent: its servers. */
  readonly ns?: readonly string[];
  /** The servers are named by the zone above, and know nothing of it. */
  readonly isLame?: true;
  /** What the zone above has of its keys: `"12345 13 2 ABCD"`. */
  readonly ds?: readonly string[];
  /** Its keys do not verify what it says, as after its signatures have ended. */
  readonly isBogus?: true;
}

const ROOT: SceneZone = { name: "", servers: { "a.root-servers.net": "198.41.0.4" } };
const COM: SceneZone = { name: "com", servers: { "a.gtld-servers.net": "192.5.6.30" } };
const soa = (server: string) => `${server} hostmaster.example.net 1 7200 900 1209600 300`;

const contentOf = ({ name: zone, servers, ns, records = [] }: SceneZone, zones: readonly SceneZone[]): Content => {
  const absolute = (name: string) => (name === "@" ? zone : zone === "" ? name : `${name}.${zone}`);
  const [first = ""] = Object.keys(servers);
  const below = zones.filter((other) => other.name !== zone && isWithin(other.name, zone));
  // Who is delegated to from here: those with no other zone in between.
  const cuts = below.filter((one) => !below.some((other) => other !== one && isWithin(one.name, other.name)));
  const sets: readonly RecordSet[] = [
    { name: zone, type: "SOA", ttl: 900, values: [soa(first)] },
    { name: zone, type: "NS", ttl: 900, values: ns ?? Object.keys(servers) },
    ...cuts.map((cut): RecordSet => ({ name: cut.name, type: "NS", ttl: 900, values: Object.keys(cut.servers) })),
    ...cuts.flatMap(({ name, ds }): readonly RecordSet[] => (ds ? [{ name, type: "DS", ttl: 900, values: ds }] : [])),
    ...[...Map.groupBy(records, (record) => record.split(" ").slice(0, 2).join(" "))].map(([key, some]): RecordSet => {
      const [name = "", type = ""] = key.split(" ");
      return { name: absolute(name), type, ttl: 300, values: some.map((one) => one.split(" ").slice(2).join(" ")) };
    }),
  ];
  return new Map([...Map.groupBy(sets, (set) => set.name)]);
};

const SURROUNDINGS = { hosts: new Map(), random: () => 0 };
const nothing = { answers: [], authority: [], additional: [] } as const;

/** Answers as name servers and a resolver of the Internet do that has these zones, `com` and the root. `hosts`: names elsewhere, with an address. */
export const dnsOf = (
  given: readonly SceneZone[],
  hosts: Readonly<Record<string, string>> = {},
): ((name: string, type: string, server?: string, unchecked?: boolean) => Answer | undefined) => {
  const zones = [ROOT, COM, ...given];
  const contents = new Map(zones.map((zone) => [zone, contentOf(zone, zones)]));
  const addresses = new Map([...zones.flatMap(({ servers }) => Object.entries(servers)), ...Object.entries(hosts)]);
  const zoneFor = (name: string) =>
    zones.filter((zone) => isWithin(name, zone.name)).sort((a, b) => b.name.length - a.name.length)[0] ?? ROOT;
  const from = (zone: SceneZone, name: string, type: string) =>
    lookup(contents.get(zone) ?? new Map(), zone.name, name, type, SURROUNDINGS);
  const bare = (records: readonly Rr[]): readonly ResourceRecord[] =>
    records.map((one) => ({ ...one, value: one.value.replace(/^"(.*)"$/, "$1") }));
  const above = (zone: SceneZone) => zoneFor(zone.name.slice(zone.name.indexOf(".") + 1));
  /** A DS names a key that the zone has not, or its signatures are of no use. */
  const isBogus = (zone: SceneZone): boolean =>
    zone.isBogus === true ||
    (zone.ds !== undefined && !(zone.records ?? []).some((record) => record.startsWith("@ DNSKEY ")));
  const recursive = (name: string, type: string, unchecked = false): Answer => {
    const server = "192.0.2.53";
    const address = addresses.get(name);
    if (address !== undefined)
      return {
        ...nothing,
        server,
        rcode: "NOERROR",
        authoritative: false,
        answers: type === "A" ? [{ name, type, ttl: 60, value: address }] : [],
      };
    const own = zoneFor(name);
    const zone = type === "DS" && own.name === name ? above(own) : own;
    if (isBogus(zone) && !unchecked) return { ...nothing, server, rcode: "SERVFAIL", authoritative: false };
    if (zone.isLame) return { ...nothing, server, rcode: "SERVFAIL", authoritative: false };
    const found = from(zone, name, type);
    const last = found.answers.at(-1);
    const further = last?.type === "CNAME" && type !== "CNAME" ? recursive(last.value, type, unchecked).answers : [];
    return {
      server,
      rcode: found.rcode,
      authoritative: false,
      answers: [...bare(found.answers), ...further],
      authority: bare(found.authority),
      additional: [],
    };
  };
  return (name, type, server, unchecked) => {
    if (server === undefined) return recursive(name, type, unchecked);
    const served = zones.filter(({ servers }) => Object.values(servers).includes(server));
    if (served.length === 0) return undefined;
    const [zone] = served.filter((one) => isWithin(name, one.name)).sort((a, b) => b.name.length - a.name.length);
    if (!zone || zone.isLame) return { ...nothing, server, rcode: "REFUSED", authoritative: false };
    const found = from(zone, name, type);
    return {
      ...found,
      server,
      answers: bare(found.answers),
      authority: bare(found.authority),
      additional: bare(found.additional),
    };
  };
};
