import type { Answer, Resolver } from "../ports/dns.ts";
import { UserError } from "../ports/error.ts";
import { delegationOf, referralOf, serversOf } from "./delegation.ts";
import { askOneOf, type NameServer, zoneAbove } from "./servers.ts";

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
  /** The zone of the name, when it is known. */
  readonly zone?: string | undefined;
  /** A label that nobody has, new each time: `Math.random().toString(36).slice(2)`. */
  readonly random: () => string;
  readonly signal?: AbortSignal | undefined;
}

const MOST_HOPS = 8;

/** Which zone answers for a name, and its servers. */
interface Authority {
  readonly zone: string;
  readonly servers: readonly NameServer[];
}

/** `name` is as in the certificate; the place of `*.apps.example.com` is that of `apps.example.com`. */
export const challengeName = (name: string): string => `_acme-challenge.${name.replace(/^\*\./, "")}`;

/**
 * Looks for a delegated challenge: a CNAME at `_acme-challenge.<name>`, or a zone of its own there. A CNAME counts only if a random sibling
 * label is answered differently, since a wildcard CNAME answers for a name that does not exist yet (rule 16). Authoritative servers alone are
 * asked: a cache would keep the absence of the name. Errors: UserError `dns.challenge-loop`, `dns.challenge-chain` (exit code 2).
 */
export const locateChallenge = async (
  resolver: Resolver,
  name: string,
  { zone, random, signal }: ChallengeOptions,
): Promise<ChallengePlace> => {
  const asked = challengeName(name);
  const via: string[] = [];
  let current = asked;
  let start = await authorityFor(resolver, current, zone, signal);
  for (;;) {
    const found = await lookAt(resolver, start, current, random, signal);
    if (found.target === undefined) return placeOf(asked, current, found, via, start);
    via.push(current);
    current = found.target;
    if (via.includes(current)) throw loop(asked, [...via, current]);
    if (via.length > MOST_HOPS) throw tooLong(asked, via);
    start = await authorityFor(resolver, current, undefined, signal);
  }
};

const authorityFor = async (
  resolver: Resolver,
  name: string,
  zone: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Authority> => {
  if (zone === undefined) return zoneAbove(resolver, name, signal);
  return { zone, servers: (await delegationOf(resolver, zone, signal)).servers };
};

interface Look extends Authority {
  /** A CNAME that was made for this name. */
  readonly target?: string;
  readonly isUnasked?: boolean;
  /** The wildcard's CNAME, which ends for this name with its first record. */
  readonly swallowed?: string;
}

/** One name, at the servers of its zone; referrals on the way are followed. */
const lookAt = async (
  resolver: Resolver,
  start: Authority,
  name: string,
  random: () => string,
  signal: AbortSignal | undefined,
): Promise<Look> => {
  let at = start;
  for (let hop = 0; hop < MOST_HOPS; hop += 1) {
    const said = await askOneOf(resolver, at.servers, name, "CNAME", signal);
    if (!said) return { ...at, isUnasked: true };
    const { answer } = said;
    const cut = referralOf(answer, at.zone, name);
    if (cut === undefined) {
      const here = { ...at, zone: apexOf(answer, name) ?? at.zone };
      const target = cnameOf(answer, name);
      if (target === undefined) return here;
      const sibling = [random(), ...name.split(".").slice(1)].join(".");
      const other = await askOneOf(resolver, at.servers, sibling, "CNAME", signal);
      const isWildcard = other !== undefined && cnameOf(other.answer, sibling) === target;
      return isWildcard ? { ...here, swallowed: target } : { ...here, target };
    }
    at = { zone: cut, servers: await serversOf(resolver, answer, cut, at.zone, signal) };
  }
  return at;
};

const cnameOf = ({ answers }: Answer, name: string): string | undefined =>
  answers.find((record) => record.type === "CNAME" && record.name === name)?.value;

/** The zone that a negative answer comes from: one server may keep both, and answers from the deeper. */
const apexOf = ({ authority }: Answer, name: string): string | undefined =>
  authority.find(({ type, name: owner }) => type === "SOA" && (name === owner || name.endsWith(`.${owner}`)))?.name;

const placeOf = (
  asked: string,
  name: string,
  { zone, isUnasked, swallowed }: Look,
  via: readonly string[],
  start: Authority,
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
    remedy: { text: "Take one of them away.", command: `dig +trace CNAME ${asked}` },
    exitCode: 2,
  });

const tooLong = (asked: string, chain: readonly string[]): UserError =>
  new UserError({
    id: "dns.challenge-chain",
    what: `More than ${MOST_HOPS} CNAMEs follow one another at ${asked}: ${chain.join(" → ")}.`,
    why: "A CA stops following before their end.",
    remedy: { text: "Let the first lead straight to the last.", command: `dig +trace CNAME ${asked}` },
    exitCode: 2,
  });
