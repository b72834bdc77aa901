import type { RecordType } from "../../ports/dns.ts";
import { UserError } from "../../ports/error.ts";
import { absolute, isInZone, relativeTo, type Zone } from "../../ports/zones.ts";
import { anything, CLASS, RCODE, type Received, rcodeName, TYPE, type WireRecord } from "./message.ts";
import { decodeValue, typeOf } from "./rdata.ts";
import { refused } from "./refusals.ts";
import type { Server } from "./server.ts";
import type { Stored } from "./update.ts";

/** Lower case, without the trailing dot. */
export const plain = (name: string): string => name.toLowerCase().replace(/\.$/, "");

const sameName = (a: string, b: string): boolean => plain(a) === plain(b);

const storedOf = (zone: Zone, type: RecordType, records: readonly WireRecord[]): Stored | undefined => {
  const [first] = records;
  if (!first) return undefined;
  const values = records.map(({ data }) => decodeValue(type, data));
  return {
    set: { name: relativeTo(zone, plain(first.name)), type, ttl: first.ttl, values },
    data: records.map(({ data }) => data),
  };
};

/** What an answer holds of one name and type itself; what a CNAME leads to belongs to another name. */
const at = ({ answers }: Received, name: string, code: number): readonly WireRecord[] =>
  answers.filter((record) => record.type === code && record.class === CLASS.IN && sameName(record.name, name));

const bytes = (records: readonly WireRecord[]): string =>
  JSON.stringify([records[0]?.ttl, ...records.map(({ data }) => data.toString("hex")).sort()]);

/** `*.b.example.com` and `*.example.com` for `a.b.example.com` in `example.com`. */
const wildcardsFor = (zone: Zone, name: string): readonly string[] => {
  const labels = name.slice(0, -(zone.name.length + 1)).split(".");
  return name === zone.name
    ? []
    : labels
        .map((_, index) => absolute(zone, ["*", ...labels.slice(index + 1)].join(".")))
        .filter((each) => each !== name);
};

const delegated = (server: Server, zone: Zone, name: string, cut: string, to: readonly string[]): UserError =>
  new UserError({
    id: "rfc2136.delegated",
    what: `${name} is not in the zone ${zone.name} of the name server ${server.title}: ${cut} is delegated to other servers.`,
    why: `The servers of ${cut} are ${to.join(", ")}; what is written above the delegation, nobody sees.`,
    remedy: `Let RFC2136_NAMESERVER be the primary server of ${cut}.`,
    kind: "input",
  });

const notAuthoritative = (server: Server, zone: Zone): UserError =>
  new UserError({
    id: "rfc2136.zone",
    what: `The name server ${server.title} does not answer for ${zone.name} itself.`,
    why: "Its answer is not authoritative: it is a resolver, or has lost the zone.",
    remedy: `Let RFC2136_NAMESERVER be the primary server of ${zone.name}.`,
    kind: "input",
  });

/** What the server has of one name and type, read from its own answers. */
export const createReading = (server: Server) => {
  /** The records that answer this question, whether they stand there or a wildcard made them. */
  const look = async (zone: Zone, name: string, code: number, signal: AbortSignal): Promise<readonly WireRecord[]> => {
    const answer = await server.ask(zone.name, name, code, signal);
    if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN)
      throw refused(server.subject(zone.name), answer.rcode, `questions about ${name}`);
    if (answer.authoritative) return at(answer, name, code);
    const cut = answer.authority.filter(({ type, name: owner }) => type === TYPE.NS && isInZone(zone, plain(owner)));
    const owner = plain(cut[0]?.name ?? zone.name);
    if (owner === zone.name) throw notAuthoritative(server, zone);
    if (owner === name) return code === TYPE.NS ? cut : [];
    throw delegated(
      server,
      zone,
      name,
      owner,
      cut.map(({ data }) => decodeValue("NS", data)),
    );
  };

  /**
   * Whether a set stands in the zone itself. An UPDATE of prerequisites alone changes nothing and tells exactly (RFC
   * 2136 2.4.1); undefined when the server does not allow it.
   */
  const stands = async (zone: Zone, name: string, code: number, signal: AbortSignal): Promise<boolean | undefined> => {
    const { rcode } = await server.update(
      { zone: zone.name, prerequisites: [anything(name, code)], updates: [] },
      signal,
    );
    if (rcode === RCODE.NOERROR) return true;
    return rcode === RCODE.NXRRSET || rcode === RCODE.NXDOMAIN ? false : undefined;
  };

  /**
   * The records of a set that stands in the zone; empty when there is none. An answer that equals the one of a wildcard
   * above (RFC 4592) is asked about again; where that is not allowed it counts as the wildcard's, since a set of its
   * own would answer the same.
   */
  const records = async (
    zone: Zone,
    name: string,
    code: number,
    signal: AbortSignal,
  ): Promise<readonly WireRecord[]> => {
    const found = await look(zone, name, code, signal);
    if (found.length === 0) return found;
    const above = await Promise.all(wildcardsFor(zone, name).map((wildcard) => look(zone, wildcard, code, signal)));
    if (!above.some((other) => bytes(other) === bytes(found))) return found;
    return (await stands(zone, name, code, signal)) ? found : [];
  };

  return {
    /** `name` is absolute, in lower case. */
    read: async (zone: Zone, name: string, type: RecordType, signal: AbortSignal): Promise<Stored | undefined> =>
      storedOf(zone, type, await records(zone, name, TYPE[type], signal)),
    /** Whether a set stands in the zone, answered or not; undefined: the server does not allow the question. */
    stands,
    /** Whether there is anything of this type, which may be one that {@link RecordType} does not name. */
    has: async (zone: Zone, name: string, type: keyof typeof TYPE, signal: AbortSignal): Promise<boolean> =>
      (await records(zone, name, TYPE[type], signal)).length > 0,
    /** The zone of exactly this name, when the server is authoritative for it. */
    zone: async (name: string, signal: AbortSignal): Promise<Zone | undefined> => {
      const answer = await server.ask(name, name, TYPE.SOA, signal);
      if (answer.rcode !== RCODE.NOERROR || !answer.authoritative || at(answer, name, TYPE.SOA).length === 0)
        return undefined;
      const servers = at(await server.ask(name, name, TYPE.NS, signal), name, TYPE.NS);
      return { id: name, name, isPrivate: false, nameServers: servers.map(({ data }) => decodeValue("NS", data)) };
    },
    /**
     * Every set at or below a name, of the types of {@link RecordType}; undefined when the server refuses transfers.
     */
    list: async (zone: Zone, under: string, signal: AbortSignal): Promise<readonly Stored[] | undefined> => {
      const all = await server.transfer(zone.name, signal);
      const wanted = all?.filter(
        ({ name, class: klass }) => klass === CLASS.IN && isInZone({ name: under }, plain(name)),
      );
      const groups = Map.groupBy(wanted ?? [], ({ name, type }) => `${plain(name)} ${type}`);
      return (
        all &&
        [...groups.values()].flatMap((group) => {
          const type = typeOf(group[0]?.type ?? 0);
          const stored = type && storedOf(zone, type, group);
          return stored ? [stored] : [];
        })
      );
    },
  };
};

/** A response code in words. */
export const movedBecause = (rcode: number): string =>
  rcode === RCODE.NXRRSET || rcode === RCODE.NXDOMAIN
    ? `a record set is no longer as it was read (${rcodeName(rcode)})`
    : `a record set is there that was not (${rcodeName(rcode)})`;
