/** Answering a question from a zone: RFC 1034 §4.3.2 with the closest encloser of RFC 4592, the negatives of RFC 2308 and DNAME (RFC 6672). */

import { child, isWithin, parentOf, pathBelow } from "./names.ts";
import { type Content, type RecordSet, soaOf } from "./zone.ts";

export interface Rr {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly value: string;
}

export interface Found {
  readonly rcode: "NOERROR" | "NXDOMAIN";
  /** False for a referral. */
  readonly authoritative: boolean;
  readonly answers: readonly Rr[];
  readonly authority: readonly Rr[];
  readonly additional: readonly Rr[];
}

export interface Surroundings {
  /** The addresses behind a name that aliases may point at. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** Aliases on the way to this question. */
  readonly aliases?: number;
}

/** Seconds; Route 53's own choice for an alias to a load balancer. */
const ALIAS_TTL = 60;
/** Route 53 answers with up to eight of several values. */
const MULTIVALUE_LIMIT = 8;
const CHAIN_LIMIT = 16;

/** `name` must lie within `apex`. */
export const lookup = (
  content: Content,
  apex: string,
  name: string,
  type: string,
  surroundings: Surroundings,
): Found => {
  const answers: Rr[] = [];
  const ended = (rest: Partial<Found>): Found => ({
    rcode: "NOERROR",
    authoritative: true,
    authority: [],
    additional: [],
    ...rest,
    answers,
  });
  const negative = (rcode: Found["rcode"]): Found => ended({ rcode, authority: negativeSoa(content, apex) });
  const seen = new Set<string>();
  for (let asked = name; ; ) {
    const turn = turnAbove(content, apex, asked, type);
    if (turn?.type === "NS") return ended({ authoritative: answers.length > 0, ...referral(content, apex, turn) });
    if (turn) {
      const link = { name: asked, type: "CNAME", ttl: turn.ttl ?? 0, value: redirected(turn, asked) };
      answers.push(...turn.values.map((value) => recordOf(turn, turn.name, value)), link);
      if (type === "CNAME" || seen.has(asked)) return ended({});
      seen.add(asked);
      asked = link.value;
      if (!isWithin(asked, apex) || seen.has(asked) || seen.size >= CHAIN_LIMIT) return ended({});
      continue;
    }
    const node = nodeOf(content, apex, asked);
    if (node === undefined) return negative("NXDOMAIN");
    const alone = recordsAt(node, "CNAME", asked, content, apex, surroundings);
    const wantsAlias = alone.length > 0 && type !== "CNAME" && type !== "ANY";
    const records = wantsAlias ? alone : matching(node, type, asked, content, apex, surroundings);
    if (records.length === 0) return negative("NOERROR");
    answers.push(...records);
    if (!wantsAlias) return ended(type === "NS" ? { additional: glue(content, apex, records) } : {});
    seen.add(asked);
    asked = records[0]?.value.replace(/\.$/, "").toLowerCase() ?? "";
    if (!isWithin(asked, apex) || seen.has(asked) || seen.size >= CHAIN_LIMIT) return ended({});
  }
};

/** Every name that exists (RFC 4592 §2.2.2): the owners and all their ancestors within the zone. */
const existing = (content: Content, apex: string): ReadonlySet<string> => {
  const known = EXISTING.get(content);
  if (known) return known;
  const names = new Set([apex]);
  for (const owner of content.keys())
    for (let at = owner; !names.has(at) && isWithin(at, apex); at = parentOf(at)) names.add(at);
  EXISTING.set(content, names);
  return names;
};
const EXISTING = new WeakMap<Content, ReadonlySet<string>>();

/** The sets that answer for a name, its own or those of the wildcard at its closest encloser. Undefined: there is no such name. */
const nodeOf = (content: Content, apex: string, name: string): readonly RecordSet[] | undefined => {
  const names = existing(content, apex);
  if (names.has(name)) return content.get(name) ?? [];
  let encloser = parentOf(name);
  while (!names.has(encloser)) encloser = parentOf(encloser);
  const wildcard = child("*", encloser);
  return names.has(wildcard) ? (content.get(wildcard) ?? []) : undefined;
};

/**
 * What ends the way from the apex down to a name: a delegation at or above it, for which the parent itself answers DS (RFC 4035 §3.1.4.1), or a DNAME
 * strictly above it (RFC 6672 §3.2). The nearest to the apex.
 */
const turnAbove = (content: Content, apex: string, name: string, type: string): RecordSet | undefined => {
  for (const at of [apex, ...pathBelow(name, apex)]) {
    const sets = content.get(at) ?? [];
    const cut = at === apex || (type === "DS" && at === name) ? undefined : sets.find((set) => set.type === "NS");
    const turn = cut ?? (at === name ? undefined : sets.find((set) => set.type === "DNAME"));
    if (turn) return turn;
  }
  return undefined;
};

const redirected = ({ name, values: [target = ""] }: RecordSet, asked: string): string =>
  `${asked.slice(0, -(name.length + 1))}.${target.replace(/\.$/, "").toLowerCase()}`;

const referral = (content: Content, apex: string, cut: RecordSet): Pick<Found, "authority" | "additional"> => {
  const authority = cut.values.map((value) => recordOf(cut, cut.name, value));
  return { authority, additional: glue(content, apex, authority) };
};

const glue = (content: Content, apex: string, servers: readonly Rr[]): readonly Rr[] =>
  servers
    .map(({ value }) => value.replace(/\.$/, "").toLowerCase())
    .filter((server) => isWithin(server, apex))
    .flatMap((server) => content.get(server) ?? [])
    .filter(({ type }) => type === "A" || type === "AAAA")
    .flatMap((set) => set.values.map((value) => recordOf(set, set.name, value)));

const negativeSoa = (content: Content, apex: string): readonly Rr[] => {
  const soa = soaOf(content, apex);
  const [value] = soa?.values ?? [];
  if (!soa || value === undefined) return [];
  const minimum = Number(value.split(" ").at(-1));
  return [{ ...recordOf(soa, apex, value), ttl: Math.min(soa.ttl ?? 0, minimum) }];
};

const recordOf = (set: RecordSet, owner: string, value: string): Rr => ({
  name: owner,
  type: set.type,
  ttl: set.ttl ?? ALIAS_TTL,
  value,
});

type Where = [owner: string, content: Content, apex: string, surroundings: Surroundings];

const matching = (node: readonly RecordSet[], type: string, ...where: Where): readonly Rr[] =>
  type === "ANY"
    ? [...new Set(node.map((set) => set.type))].flatMap((each) => recordsAt(node, each, ...where))
    : recordsAt(node, type, ...where);

const recordsAt = (
  node: readonly RecordSet[],
  type: string,
  ...[owner, content, apex, surroundings]: Where
): readonly Rr[] => {
  const sets = node.filter((set) => set.type === type);
  return choose(sets, surroundings.random)
    .flatMap((set) =>
      set.alias
        ? aliasRecords(set, owner, content, apex, surroundings)
        : set.values.map((value) => recordOf(set, owner, value)),
    )
    .slice(0, sets.some(({ routing }) => routing?.multivalue) ? MULTIVALUE_LIMIT : undefined);
};

const choose = (sets: readonly RecordSet[], random: () => number): readonly RecordSet[] => {
  if (sets.length < 2 || sets.some(({ routing }) => routing?.multivalue)) return sets;
  const weights = sets.map(({ routing }) => routing?.weight ?? 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let ticket = random() * (total || sets.length);
  const index = weights.findIndex((weight) => {
    ticket -= total ? weight : 1;
    return ticket < 0;
  });
  return sets.slice(index, index + 1);
};

const aliasRecords = (set: RecordSet, ...[owner, content, apex, surroundings]: Where): readonly Rr[] => {
  const target = set.alias?.target.toLowerCase().replace(/\.$/, "") ?? "";
  const addresses = surroundings.hosts.get(target.replace(/^dualstack\./, ""));
  if (addresses)
    return addresses
      .filter((address) => address.includes(":") === (set.type === "AAAA"))
      .map((address) => recordOf(set, owner, address));
  const aliases = (surroundings.aliases ?? 0) + 1;
  if (!isWithin(target, apex) || aliases > CHAIN_LIMIT) return [];
  const found = lookup(content, apex, target, set.type, { ...surroundings, aliases }).answers;
  return found.filter(({ type }) => type === set.type).map((record) => ({ ...record, name: owner }));
};
