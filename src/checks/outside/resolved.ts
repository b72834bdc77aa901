import { referralOf } from "../../dns/delegation.ts";
import { askOneOf, type ZoneServers } from "../../dns/servers.ts";
import type { Answer, Resolver } from "../../ports/dns.ts";

/** What a name leads to. */
export interface Resolved {
  readonly host: string;
  /** `NOERROR`, `NXDOMAIN` … of the name itself. */
  readonly rcode: string;
  /** CNAMEs on the way, in order. */
  readonly via: readonly string[];
  /** Sorted. */
  readonly addresses: readonly string[];
  /** Who has said so: the zone's own servers, or the resolver where none of them can be asked from here. */
  readonly by: "zone" | "resolver";
}

const TYPES = ["A", "AAAA"] as const;

const targetsIn = (answers: readonly Answer[], host: string): readonly string[] => {
  const via: string[] = [];
  const records = answers.flatMap((answer) => answer.answers);
  for (let at = host; ; ) {
    const next = records.find(({ type, name }) => type === "CNAME" && name === at)?.value;
    if (next === undefined || via.includes(next)) return via;
    via.push(next);
    at = next;
  }
};

const addressesIn = (answers: readonly Answer[]): readonly string[] =>
  [
    ...new Set(
      answers.flatMap((answer) =>
        answer.answers.filter(({ type }) => type === "A" || type === "AAAA").map(({ value }) => value),
      ),
    ),
  ].sort();

/** As the resolver at hand has it. */
export const resolvedHere = async (resolver: Resolver, host: string, signal: AbortSignal): Promise<Resolved> => {
  const answers = await Promise.all(TYPES.map((type) => resolver.ask(host, type, signal)));
  const rcode = answers.find((answer) => answer.rcode !== "NOERROR")?.rcode ?? "NOERROR";
  return { host, rcode, via: targetsIn(answers, host), addresses: addressesIn(answers), by: "resolver" };
};

/** As the servers of its zone have it; what a CNAME leads to beyond the zone, and what lies in a zone below, as the resolver has it. */
export const resolvedAt = async (
  resolver: Resolver,
  host: string,
  { zone, servers }: ZoneServers,
  signal: AbortSignal,
): Promise<Resolved> => {
  const said = await Promise.all(TYPES.map((type) => askOneOf(resolver, servers, host, type, signal)));
  const answers = said.flatMap((one) => (one ? [one.answer] : []));
  const [first] = answers;
  if (!first || answers.some((answer) => referralOf(answer, zone, host) !== undefined))
    return resolvedHere(resolver, host, signal);
  const via = targetsIn(answers, host);
  const own = addressesIn(answers);
  const last = via.at(-1);
  const addresses = own.length > 0 || last === undefined ? own : (await resolvedHere(resolver, last, signal)).addresses;
  return { host, rcode: via.length > 0 ? "NOERROR" : first.rcode, via, addresses, by: "zone" };
};
