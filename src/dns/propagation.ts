import { isIPv6 } from "node:net";
import { type Finding, fail, type Memory, ok } from "../core/check.ts";
import { dig } from "../ports/dig.ts";
import { type Answer, NoAnswer, type RecordType, type Resolver } from "../ports/dns.ts";
import { type Remedy, TimeUp, UserError } from "../ports/error.ts";
import type { Evidence } from "../ports/facts.ts";
import type { ShellCommand } from "../ports/shell.ts";
import { authoritativeServers } from "./delegation.ts";
import { askAll, deadOf, deadWords, type NameServer, type Reply, serverLabel } from "./servers.ts";

/** What every server has to answer. */
export interface Expectation {
  /** Absolute; a wildcard is asked for literally, which answers its own records (RFC 4592 section 2.3). */
  readonly name: string;
  readonly type: RecordType;
  /** As {@link ResourceRecord.value} has them. */
  readonly values: readonly string[];
  /**
   * `contains`: these among others, the default. `exact`: these and no others; with no values: there is no such record. `any`: something,
   * where only the provider knows what.
   */
  readonly match?: "contains" | "exact" | "any";
}

/** Name servers by zone are found once and kept. */
export type ServersOf = (zone: string, signal?: AbortSignal) => Promise<readonly NameServer[]>;

/** Asks for each zone's servers once; not again before it found some. `memory`: of a wait. */
export const rememberServers = (resolver: Resolver, memory: Memory = new Map()): ServersOf => {
  return async (zone, signal) => {
    const key = `name servers of ${zone}`;
    const known = memory.get(key) as readonly NameServer[] | undefined;
    const servers = known ?? (await authoritativeServers(resolver, zone, signal));
    if (servers.length > 0) memory.set(key, servers);
    return servers;
  };
};

/** How long a summary gets. */
const MOST_SHOWN = 3;

const valuesIn = (answer: Answer, { name, type }: Expectation): readonly string[] =>
  answer.answers.filter((record) => record.name === name && record.type === type).map(({ value }) => value);

/** As the resolver gives them: RFC 5952 addresses, names in lower case. */
const comparable = (type: RecordType, value: string): string => {
  if (type === "AAAA" && isIPv6(value)) return new URL(`http://[${value}]`).hostname.slice(1, -1);
  return type === "CNAME" || type === "NS" ? value.toLowerCase() : value;
};

const holds = (answer: Answer, expectation: Expectation): boolean => {
  const values = valuesIn(answer, expectation);
  const wanted = expectation.values.map((value) => comparable(expectation.type, value));
  const hasAll = wanted.every((value) => values.includes(value));
  if (answer.rcode !== "NOERROR" && answer.rcode !== "NXDOMAIN") return false;
  switch (expectation.match ?? "contains") {
    case "any":
      return values.length > 0;
    case "contains":
      return hasAll && (values.length > 0 || wanted.length === 0);
    case "exact":
      return hasAll && values.every((value) => wanted.includes(value));
  }
};

const question = ({ name, type }: Expectation): string => `${name} ${type}`;

/** What is wrong with an answer, after the server's name. */
const words = (answer: Answer, expectation: Expectation, isAuthority: boolean): string => {
  const values = valuesIn(answer, expectation);
  if (answer.rcode !== "NOERROR") return `still answers ${answer.rcode} for ${question(expectation)}`;
  if (isAuthority && !answer.authoritative) return `has no authority for ${question(expectation)}`;
  if (values.length === 0) return `still has no ${question(expectation)}`;
  return `still answers ${values.map((value) => JSON.stringify(value)).join(", ")} for ${question(expectation)}`;
};

const few = (texts: readonly string[]): string =>
  texts.length > MOST_SHOWN
    ? `${texts.slice(0, MOST_SHOWN).join("; ")}; and ${texts.length - MOST_SHOWN} more`
    : texts.join("; ");

const digFor = (flags: readonly string[], { name, type }: Expectation, at?: string): ShellCommand | undefined =>
  dig(flags, name, at, type);

const remedyFor = (expectation: Expectation, at?: string): Remedy => ({
  text: "Wait: the provider brings it to all its servers. If it stays, see what that server answers.",
  command: digFor(at === undefined ? [] : ["+norecurse"], expectation, at),
});

/**
 * Asks every address of every authoritative server, so that no cache is in between. `ok` when all agree. `fail` (not permanent) when one answers
 * something else, or when one of the name servers answers at none of its addresses; those that this machine may have no way to (IPv6) may stay
 * silent. Where nobody can be asked, the recursive resolver is, and the summary says so; `unknown` when that does not answer
 * either. Keep `serversOf` while waiting.
 */
export const everywhere = async (
  resolver: Resolver,
  zone: string,
  expectations: readonly Expectation[],
  options: EverywhereOptions = {},
): Promise<Finding> => {
  try {
    return await compared(resolver, zone, expectations, options);
  } catch (error) {
    if (error instanceof TimeUp) return unheard(resolver, zone);
    if (!(error instanceof UserError)) throw error;
    return { status: "unknown", summary: error.message, remedy: error.remedy };
  }
};

export interface EverywhereOptions {
  /** Aborted with {@link TimeUp}: what was said until then counts. */
  readonly signal?: AbortSignal | undefined;
  readonly serversOf?: ServersOf;
  /** Called after `slowMs` (default 1000) with the servers that have not answered yet, in words like a summary. */
  readonly onSlow?: ((reason: string, remedy: Remedy) => void) | undefined;
  readonly slowMs?: number;
}

const unheard = (resolver: Resolver, zone: string): Finding => ({
  status: "unknown",
  summary: `the resolver ${resolver.server} has not said in time who answers for ${zone}`,
  remedy: { text: "Wait, or name a resolver that answers sooner: --dns-resolver.", command: dig(["NS"], zone) },
});

const compared = async (
  resolver: Resolver,
  zone: string,
  expectations: readonly Expectation[],
  options: EverywhereOptions,
): Promise<Finding> => {
  const { signal, serversOf = rememberServers(resolver) } = options;
  const servers = await serversOf(zone, signal);
  if (servers.length === 0)
    return fail(`${zone} is delegated to nobody`, {
      text: `Set the name servers of ${zone} where its parent is kept.`,
      command: dig(["NS"], zone),
    });
  const rounds = await heard(resolver, servers, expectations, options);
  const all = rounds.flatMap(({ said }) => said);
  const [asked] = expectations;
  if (all.every(isSilent)) {
    // No cache is asked for what there was no time for.
    if (signal?.aborted && asked)
      return fail(`${few(servers.map(named))} did not answer for ${question(asked)} in time`, remedyFor(asked));
    return throughResolver(resolver, zone, expectations, signal);
  }

  const behind = rounds.flatMap(({ expectation, said }) => behindOf(expectation, said));
  const [first] = behind;
  if (first)
    return fail(few(behind.map(({ text }) => text)), remedyFor(first.expectation, first.address), {
      evidence: behind.map(({ seen }) => seen),
    });
  const dead = deadOf(servers, all);
  const [mute] = dead;
  if (mute && asked)
    return fail(`${few(dead.map(deadWords))}; the others have it`, {
      text: `See why this name server is silent, or take it out of the delegation of ${zone}.`,
      command: digFor(["+norecurse"], asked, mute.addresses[0] ?? mute.name),
    });
  const answering = new Set(all.filter((one) => !isSilent(one)).map(({ address }) => address));
  const unheard = servers.flatMap((server) =>
    server.addresses.filter((address) => !answering.has(address)).map((address) => serverLabel({ server, address })),
  );
  const summary = `all ${answering.size} addresses of ${servers.length} name servers of ${zone} have it`;
  return ok(unheard.length === 0 ? summary : `${summary}; not reached from here: ${few(unheard)}`);
};

const named = ({ name, addresses }: NameServer): string => `${name} (${addresses.join(", ")})`;

interface Round {
  readonly expectation: Expectation;
  readonly said: readonly Reply[];
}

/** Everybody is asked for everything at once. Whoever is slow is told of meanwhile. */
const heard = async (
  resolver: Resolver,
  servers: readonly NameServer[],
  expectations: readonly Expectation[],
  { signal, onSlow, slowMs = 1_000 }: EverywhereOptions,
): Promise<readonly Round[]> => {
  const pending = new Map(
    expectations.map((expectation) => [
      expectation,
      new Map(
        servers.flatMap((server) => server.addresses.map((address) => [address, serverLabel({ server, address })])),
      ),
    ]),
  );
  const timer = setTimeout(() => {
    const [slow] = [...pending].filter(([, silent]) => silent.size > 0);
    if (!slow) return;
    const [expectation, silent] = slow;
    const verb = silent.size === 1 ? "has" : "have";
    const [address] = silent.keys();
    onSlow?.(
      `${few([...silent.values()])} ${verb} not answered for ${question(expectation)} yet`,
      remedyFor(expectation, address),
    );
  }, slowMs);
  try {
    return await Promise.all(
      expectations.map(async (expectation) => ({
        expectation,
        said: await askAll(resolver, servers, expectation.name, expectation.type, signal, ({ address }) =>
          pending.get(expectation)?.delete(address),
        ),
      })),
    );
  } finally {
    clearTimeout(timer);
  }
};

const isSilent = ({ answer }: Reply): boolean => answer instanceof NoAnswer;

interface Behind {
  readonly text: string;
  readonly expectation: Expectation;
  readonly address: string;
  readonly seen: Evidence;
}

/** What a server has answered: the values, or why there are none. */
const evidenceOf = (answer: Answer, expectation: Expectation, server: string): Evidence => ({
  field: `${question(expectation)} at ${server}`,
  observed: answer.rcode === "NOERROR" ? valuesIn(answer, expectation) : answer.rcode,
  ...(expectation.match === "any" ? {} : { expected: expectation.values }),
});

/** Finds every server that answers something else, and one correct server to compare with. */
const behindOf = (expectation: Expectation, said: readonly Reply[]): readonly Behind[] => {
  const right = said.find(
    ({ answer }) => !(answer instanceof NoAnswer) && answer.authoritative && holds(answer, expectation),
  );
  return said.flatMap((one) => {
    const { answer, address } = one;
    if (answer instanceof NoAnswer || (answer.authoritative && holds(answer, expectation))) return [];
    const other = right ? `; ${right.server.name} is right` : "";
    const seen = evidenceOf(answer, expectation, address);
    return [{ text: `${serverLabel(one)} ${words(answer, expectation, true)}${other}`, expectation, address, seen }];
  });
};

/** Only where port 53 of the world is out of reach. Its cache may hold the old answer for the zone's negative TTL. */
const throughResolver = async (
  resolver: Resolver,
  zone: string,
  expectations: readonly Expectation[],
  signal: AbortSignal | undefined,
): Promise<Finding> => {
  const why = `no authoritative server of ${zone} can be asked from here (is port 53 blocked?)`;
  const answers = await Promise.all(
    expectations.map(async (expectation) => ({
      expectation,
      answer: await resolver.ask(expectation.name, expectation.type, signal),
    })),
  );
  const behind = answers.filter(({ answer, expectation }) => !holds(answer, expectation));
  const [first] = behind;
  if (!first) return ok(`the resolver ${resolver.server} has it; ${why}`);
  const said = behind.map(({ answer, expectation }) => words(answer, expectation, false));
  return fail(
    `the resolver ${resolver.server} ${few(said)}; ${why}, and its cache may be old`,
    remedyFor(first.expectation),
    { evidence: behind.map(({ answer, expectation }) => evidenceOf(answer, expectation, resolver.server)) },
  );
};
