import { dig } from "../ports/dig.ts";
import type { Answer, Resolver } from "../ports/dns.ts";
import { challengeName } from "../ports/dns-name.ts";
import { UserError } from "../ports/error.ts";
import { type Delegation, dnameAbove, referralOf, serversOf } from "./delegation.ts";
import { ancestorsOf, askOneOf, isUnder, type ZoneServers, zoneAbove } from "./servers.ts";

/** Where the TXT of a DNS-01 challenge has to be written (RFC 8555 section 8.4). */
export interface ChallengePlace {
  /** Absolute. `_acme-challenge.<name>`, or where a CNAME there leads. */
  readonly name: string;
  /** The zone that answers for it: find it at the provider by this name. */
  readonly zone: string;
  /** The CNAMEs that were followed, in order; empty: none. */
  readonly via: readonly string[];
  /** For the plan, when it is not the usual place. */
  readonly note?: string;
}

export interface ChallengeOptions {
  /** The zone of the name and its servers, when they are known. */
  readonly start?: ZoneServers | undefined;
  /** A label that nobody has, new each time: `Math.random().toString(36).slice(2)`. */
  readonly random: () => string;
  /** Where no name server can be asked. Absent: nobody else knows. */
  readonly kept?: Kept;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a name of a zone leads elsewhere, as whoever keeps the zone says. Undefined: the zone is not known there. */
export type Kept = (
  zone: string,
  name: string,
) => Promise<"delegated" | "no" | { readonly target: string } | undefined>;

const MOST_HOPS = 8;

/**
 * Looks for a delegated challenge: a CNAME at `_acme-challenge.<name>`, or a zone of its own there. A CNAME counts only if a random sibling
 * label is answered differently, since a wildcard CNAME answers for a name that does not exist yet (rule 16). Authoritative servers alone are
 * asked: a cache would keep the absence of the name. Errors: UserError `dns.challenge-loop`, `dns.challenge-chain`, `dns.dname` (exit code 2).
 */
export const locateChallenge = async (
  resolver: Resolver,
  name: string,
  { start: known, random, kept, signal }: ChallengeOptions,
): Promise<ChallengePlace> => {
  const asked = challengeName(name);
  const via: string[] = [];
  let current = asked;
  let start = known ?? (await zoneAbove(resolver, current, signal));
  for (;;) {
    const seen = await lookAt(resolver, start, current, random, signal);
    const found = seen.isUnasked && kept ? asKept(seen, current, await kept(seen.zone, current)) : seen;
    // Behind a CNAME the CA follows a DNAME too. A DNAME above the domain itself hides every record of the domain.
    if (via.length === 0) refuseDname(found, asked);
    if (found.target === undefined) return placeOf(asked, current, found, via, start);
    via.push(current);
    current = found.target;
    if (via.includes(current)) throw loop(asked, [...via, current]);
    if (via.length > MOST_HOPS) throw tooLong(asked, via);
    start = await zoneAbove(resolver, current, signal);
  }
};

const asKept = (unasked: Look, name: string, said: Awaited<ReturnType<Kept>>): Look => {
  if (said === undefined) return unasked;
  const { zone, servers } = unasked;
  if (typeof said === "object") return { zone, servers, target: said.target };
  return { zone: said === "delegated" ? name : zone, servers };
};

/** What the servers of a zone say about a name in it. */
export interface Look extends ZoneServers, Pick<Delegation, "dname"> {
  /** A CNAME that was made for this name, or that a DNAME above makes of it. */
  readonly target?: string;
  readonly isUnasked?: boolean;
  /** The wildcard's CNAME, which ends for this name with its first record. */
  readonly swallowed?: string;
}

/** One name, at the servers of its zone; referrals on the way are followed. */
export const lookAt = async (
  resolver: Resolver,
  start: ZoneServers,
  name: string,
  random: () => string,
  signal?: AbortSignal,
): Promise<Look> => {
  let at = start;
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const said = await askOneOf(resolver, at.servers, name, "CNAME", signal);
    if (!said) return { ...at, isUnasked: true };
    const { answer } = said;
    const cut = referralOf(answer, at.zone, name);
    if (cut === undefined) {
      const here = { ...at, zone: apexOf(answer, name) ?? at.zone };
      const { dname } = dnameAbove(answer, name);
      if (dname) return { ...here, dname, target: replaced(name, dname) };
      const target = cnameOf(answer, name);
      if (target === undefined) return here;
      const sibling = [random(), ...name.split(".").slice(1)].join(".");
      const other = await askOneOf(resolver, at.servers, sibling, "CNAME", signal);
      const isWildcard = other !== undefined && cnameOf(other.answer, sibling) === target;
      if (!isWildcard) return { ...here, target };
      return { ...here, zone: await apexAbove(resolver, at, name, signal), swallowed: target };
    }
    at = { zone: cut, servers: await serversOf(resolver, answer, cut, at.zone, signal) };
  }
  return at;
};

/** The CNAME that an answer has of this very name. */
export const cnameOf = ({ answers }: Answer, name: string): string | undefined =>
  answers.find((record) => record.type === "CNAME" && record.name === name)?.value;

const replaced = (name: string, { owner, target }: NonNullable<Delegation["dname"]>): string =>
  `${name.slice(0, -(owner.length + 1))}.${target}`;

/** The zone of a name when the answer about the name does not tell it: the same servers may hold several zones. */
const apexAbove = async (
  resolver: Resolver,
  { zone, servers }: ZoneServers,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> => {
  for (const above of ancestorsOf(name).filter((ancestor) => ancestor !== zone && isUnder(ancestor, zone))) {
    const said = await askOneOf(resolver, servers, above, "SOA", signal);
    const records = [...(said?.answer.answers ?? []), ...(said?.answer.authority ?? [])];
    const soa = records.find(({ type, name: owner }) => type === "SOA" && isUnder(name, owner));
    if (soa) return soa.name;
  }
  return zone;
};

/** The zone that a negative answer comes from: a server that holds parent and child answers from the child. */
const apexOf = ({ authority }: Answer, name: string): string | undefined =>
  authority.find(({ type, name: owner }) => type === "SOA" && (name === owner || name.endsWith(`.${owner}`)))?.name;

const placeOf = (
  asked: string,
  name: string,
  { zone, isUnasked, swallowed }: Look,
  via: readonly string[],
  start: ZoneServers,
): ChallengePlace => {
  const notes = [
    ...(via.length > 0 ? [`${[...via, name].join(" is a CNAME to ")}: the TXT is written there`] : []),
    ...(zone === name || (via.length === 0 && zone !== start.zone)
      ? [`${name} lies in ${zone === name ? "a zone of its own" : `the zone ${zone}`}: the TXT is written there`]
      : []),
    ...(swallowed === undefined
      ? []
      : [`${name} is answered by a wildcard's CNAME to ${swallowed}; the TXT ends that`]),
    ...(isUnasked ? [`no server of ${zone} can be asked from here whether ${asked} is delegated`] : []),
  ];
  return { name, zone, via, ...(notes.length > 0 ? { note: notes.join("; ") } : {}) };
};

const loop = (asked: string, chain: readonly string[]): UserError =>
  new UserError({
    id: "dns.challenge-loop",
    what: `The CNAMEs at ${asked} go round in a circle: ${chain.join(" → ")}.`,
    why: "No CA can find a TXT there.",
    remedy: { text: "Take one of them away.", command: dig(["+trace", "CNAME"], asked) },
    kind: "input",
  });

const tooLong = (asked: string, chain: readonly string[]): UserError =>
  new UserError({
    id: "dns.challenge-chain",
    what: `More than ${MOST_HOPS} CNAMEs follow one another at ${asked}: ${chain.join(" → ")}.`,
    why: "A CA stops following before their end.",
    remedy: { text: "Let the first lead straight to the last.", command: dig(["+trace", "CNAME"], asked) },
    kind: "input",
  });

/** Throws `dns.dname` when what is written at the name, or below it, is never seen. */
export const refuseDname = ({ dname }: Look, asked: string): void => {
  if (!dname) return;
  const { owner, target } = dname;
  throw new UserError({
    id: "dns.dname",
    what: `${asked} cannot be written: ${owner} has a DNAME, by which everything below it is looked up below ${target}.`,
    why: `Nobody would see what is written below ${owner} itself (RFC 6672).`,
    remedy: {
      text: `Take the DNAME away, or choose a --domain that does not lie at or below ${owner}.`,
      command: dig(["DNAME"], owner),
    },
    kind: "input",
  });
};
