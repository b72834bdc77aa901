import { dig } from "../ports/dig.ts";
import { type Answer, NoAnswer, type Resolver } from "../ports/dns.ts";
import type { Remedy } from "../ports/error.ts";
import type { Zone } from "../ports/zones.ts";
import {
  askAll,
  askOneOf,
  deadOf,
  deadWords,
  isPassing,
  isUnder,
  locate,
  type NameServer,
  patientlyBy,
  type Reply,
  serverLabel,
  zoneAbove,
} from "./servers.ts";

/** What the side of the parent says about a zone (RFC 9499 section 7). */
export interface Delegation {
  readonly zone: string;
  /** The zone above; empty for the root. */
  readonly parent: string;
  /** `a.gtld-servers.net (192.5.6.30)`, `the resolver 192.0.2.53`. */
  readonly saidBy: string;
  /**
   * `parent`: from a server of the parent, as it should be. `zone`: all of those serve the zone as well and answer for it. `resolver`:
   * none of them can be asked from here, so this may come out of a cache.
   */
  readonly source: "parent" | "zone" | "resolver";
  /** Of that answer. */
  readonly rcode: string;
  /** Empty: delegated to nobody. */
  readonly servers: readonly NameServer[];
  /** Strictly above the zone: no delegation below it is ever seen (RFC 6672). */
  readonly dname?: { readonly owner: string; readonly target: string };
}

/** `fail`: nobody will see what is written to the zone. `warn`: only some will, or the set should be put in order. */
export interface DelegationProblem {
  readonly severity: "fail" | "warn";
  readonly what: string;
  readonly remedy: Remedy;
}

const MOST_REFERRALS = 16;

/** NS records of a name in a section. */
const nsOf = (records: Answer["answers"], owner: string): readonly string[] =>
  records.filter((record) => record.type === "NS" && record.name === owner).map(({ value }) => value);

/** Addresses that came along, of servers that the parent can know. */
const glueOf = ({ additional }: Answer, parent: string): ReadonlyMap<string, readonly string[]> => {
  const glue = new Map<string, readonly string[]>();
  const addresses = additional.filter(({ type }) => type === "A" || type === "AAAA");
  for (const { name, value } of addresses.sort((a, b) => a.type.localeCompare(b.type)))
    if (isUnder(name, parent)) glue.set(name, [...(glue.get(name) ?? []), value]);
  return glue;
};

/** The zone cut that an answer refers to, between the zone that was asked and the name. */
export const referralOf = (answer: Answer, asked: string, name: string): string | undefined =>
  answer.answers.length > 0
    ? undefined
    : answer.authority.find(
        ({ type, name: owner }) => type === "NS" && owner !== asked && isUnder(owner, asked) && isUnder(name, owner),
      )?.name;

/** The servers that a referral names. */
export const serversOf = (
  resolver: Resolver,
  answer: Answer,
  cut: string,
  parent: string,
  signal?: AbortSignal,
): Promise<readonly NameServer[]> => locate(resolver, nsOf(answer.authority, cut), glueOf(answer, parent), signal);

/**
 * Asks a server of the nearest zone above and follows referrals down. Errors: NoAnswer, or UserError (exit code 3), when the resolver, which
 * finds those servers, does not answer.
 */
export const delegationOf = async (resolver: Resolver, zone: string, signal?: AbortSignal): Promise<Delegation> => {
  let { zone: parent, servers } = await zoneAbove(resolver, zone, signal);
  for (let hop = 0; hop < MOST_REFERRALS; hop += 1) {
    let said = await askOneOf(resolver, servers, zone, "NS", signal);
    if (!said) break;
    if (nsOf(said.answer.answers, zone).length > 0) {
      // This server holds both zones and answers from the lower one. Another server of the parent may answer from the upper one.
      const others = await askAll(resolver, servers, zone, "NS", signal);
      said = others.find(isParentSide(zone)) ?? said;
    }
    const { answer } = said;
    const base = { zone, parent, saidBy: serverLabel(said), rcode: answer.rcode };
    const own = nsOf(answer.answers, zone);
    if (own.length > 0)
      return { ...base, source: "zone", servers: await locate(resolver, own, glueOf(answer, parent), signal) };
    const cut = referralOf(answer, parent, zone);
    if (cut === undefined) return { ...base, ...dnameAbove(answer, zone), source: "parent", servers: [] };
    const next = await serversOf(resolver, answer, cut, parent, signal);
    if (cut === zone) return { ...base, source: "parent", servers: next };
    parent = cut;
    servers = next;
  }
  const { rcode, answers } = await resolver.ask(zone, "NS", signal);
  const names = nsOf(answers, zone);
  return {
    zone,
    parent,
    saidBy: `the resolver ${resolver.server}`,
    source: "resolver",
    rcode,
    servers: await locate(resolver, names, new Map(), signal),
  };
};

/** A DNAME strictly above a name, as the answer about that name tells it. */
export const dnameAbove = ({ answers }: Answer, name: string): Pick<Delegation, "dname"> => {
  const found = answers.find(({ type, name: owner }) => type === "DNAME" && owner !== name && isUnder(name, owner));
  return found ? { dname: { owner: found.name, target: found.value } } : {};
};

const isParentSide =
  (zone: string) =>
  (said: Reply): said is Reply & { answer: Answer } =>
    !(said.answer instanceof NoAnswer) &&
    (said.answer.rcode === "NOERROR" || said.answer.rcode === "NXDOMAIN") &&
    nsOf(said.answer.answers, zone).length === 0;

/** The authoritative servers of the zone, as a resolver on the Internet finds them. Empty: the zone is not delegated. */
export const authoritativeServers = async (
  resolver: Resolver,
  zone: string,
  signal?: AbortSignal,
): Promise<readonly NameServer[]> => (await delegationOf(resolver, zone, signal)).servers;

/** How far the parent's servers are those that the provider gave the zone. `unknown`: the provider cannot tell its own. */
export interface Match {
  readonly extent: "all" | "some" | "none" | "unknown";
  /** Addresses are a hint alone: the servers of many zones may share them. */
  readonly by: "name" | "address";
}

/** Compared by name, else by address: a zone may have its servers under names of its own. */
export const matchOf = async (
  resolver: Resolver,
  { servers }: Delegation,
  { nameServers }: Pick<Zone, "nameServers">,
  signal?: AbortSignal,
): Promise<Match> => {
  if (servers.length === 0) return { extent: "none", by: "name" };
  if (nameServers.length === 0) return { extent: "unknown", by: "name" };
  const ours = new Set(nameServers);
  const shared = servers.filter(({ name }) => ours.has(name)).length;
  if (shared > 0) return { extent: shared === servers.length && shared === ours.size ? "all" : "some", by: "name" };
  const known = (await locate(resolver, nameServers, new Map(), signal)).flatMap(({ addresses }) => addresses);
  const theirs = servers.flatMap(({ addresses }) => addresses);
  const same = theirs.filter((address) => known.includes(address)).length;
  return { extent: same === 0 ? "none" : same === theirs.length ? "all" : "some", by: "address" };
};

const names = (servers: readonly NameServer[]): string => servers.map(({ name }) => name).join(", ");

/** `the zone com`. */
export const zoneWords = (zone: string): string => (zone === "" ? "the root zone" : `the zone ${zone}`);

/** What the parent says, as half a sentence: `… delegates example.com to ns1.example.net`. */
export const delegationWords = ({ zone, saidBy, rcode, servers, dname }: Delegation): string => {
  if (servers.length > 0) return `${saidBy} delegates ${zone} to ${names(servers)}`;
  if (dname)
    return `${saidBy} has a DNAME at ${dname.owner}, by which everything below it, ${zone} too, is looked up below ${dname.target}`;
  return rcode === "NOERROR" ? `${saidBy} has no NS records for ${zone}` : `${saidBy} answers ${rcode} for ${zone} NS`;
};

/** What to enter, where, and how to see whether it is there. */
export const delegationRemedy = (delegation: Delegation, nameServers: readonly string[]): Remedy => {
  const { zone, parent, source, saidBy } = delegation;
  const set = nameServers.length > 0 ? nameServers.join(", ") : "those that your DNS provider shows";
  const at = source === "parent" ? (/\((.*)\)$/.exec(saidBy)?.[1] ?? saidBy) : undefined;
  return {
    text: `Set the name servers of ${zone}, at its registrar or as NS records in ${zoneWords(parent)}, to: ${set}. Then look whether they are there.`,
    command: dig(["+norecurse", "NS"], zone, at),
  };
};

/**
 * Undefined: what is written to this zone is what the Internet sees. For public zones. The servers themselves are asked only where those
 * of the parent could be: elsewhere port 53 is out of reach.
 */
export const delegationProblem = async (
  resolver: Resolver,
  delegation: Delegation,
  zone: Zone,
  signal?: AbortSignal,
): Promise<DelegationProblem | undefined> =>
  (await mismatch(resolver, delegation, zone, signal)) ??
  (delegation.source === "resolver" ? undefined : await lameness(resolver, delegation, signal));

/** The set at the parent, compared with that of the provider. */
const mismatch = async (
  resolver: Resolver,
  delegation: Delegation,
  zone: Zone,
  signal?: AbortSignal,
): Promise<DelegationProblem | undefined> => {
  const remedy = delegationRemedy(delegation, zone.nameServers);
  const { extent } = await matchOf(resolver, delegation, zone, signal);
  const said = delegationWords(delegation);
  if (delegation.servers.length === 0)
    return { severity: "fail", what: `${zone.name} is not delegated: ${said}`, remedy };
  const own = `zone ${zone.id} is served by ${zone.nameServers.join(", ")}`;
  if (extent === "none")
    return { severity: "fail", what: `${zone.name} is delegated to others: ${said}, but ${own}`, remedy };
  if (extent === "some")
    return { severity: "warn", what: `${zone.name} is delegated only in part: ${said}, but ${own}`, remedy };
  return undefined;
};

/** Lame servers: the zone is delegated to them and they do not answer for it, so each question that reaches one fails. */
const lameness = async (
  resolver: Resolver,
  delegation: Delegation,
  signal?: AbortSignal,
): Promise<DelegationProblem | undefined> => {
  const { zone, servers } = delegation;
  const said = await patientlyBy(
    resolver,
    async () => {
      const result = await askAll(resolver, servers, zone, "SOA", signal);
      const answered = result.filter(({ answer }) => !(answer instanceof NoAnswer));
      const [first] = answered.every(isPassing) ? answered : [];
      return {
        result,
        trouble: first && `no name server of ${zone} answers for it: ${serverLabel(first)} answers SERVFAIL`,
      };
    },
    signal,
  );
  const isSilent = ({ answer }: Reply): boolean => answer instanceof NoAnswer;
  // If no server answers, the network here is the likely cause, so nothing is said about the zone.
  if (said.every(isSilent)) return undefined;
  const lame = said.flatMap((one) => {
    const { answer } = one;
    if (answer instanceof NoAnswer || (answer.authoritative && answer.rcode === "NOERROR")) return [];
    return [
      `${serverLabel(one)} ${answer.rcode === "NOERROR" ? "answers without authority" : `answers ${answer.rcode}`}`,
    ];
  });
  const dead = deadOf(servers, said);
  if (lame.length === 0 && dead.length === 0) return undefined;
  const answering = said.length - said.filter(isSilent).length;
  return {
    severity: lame.length === answering ? "fail" : "warn",
    what: `not every server of ${zone} answers for it: ${[...lame, ...dead.map(deadWords)].join("; ")}`,
    remedy: {
      text: `Take these servers out of the delegation of ${zone}, or give them the zone.`,
      command: dig(
        ["+norecurse", "SOA"],
        zone,
        (lame.length > 0 ? /^\S+/.exec(lame[0] ?? "")?.[0] : dead[0]?.name) ?? zone,
      ),
    },
  };
};
