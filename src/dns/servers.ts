import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Attempt, NoAnswer, type RecordType, type Resolver } from "../ports/dns.ts";
import { TimeUp, UserError } from "../ports/error.ts";
import { anotherResolver } from "../ports/outside.ts";

/** A name server and where it can be asked. No address: nobody knows one. */
export interface NameServer {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** The answer of one address of a name server, or why there is none. */
export interface Reply {
  readonly server: NameServer;
  readonly address: string;
  readonly answer: Answer | NoAnswer;
}

/** `ns1.example.net (198.51.100.1)`. */
export const serverLabel = ({ server, address }: Pick<Reply, "server" | "address">): string =>
  `${server.name} (${address})`;

/** Its name servers, where a resolver knows the name as a zone. */
export interface ZoneServers {
  readonly zone: string;
  readonly servers: readonly NameServer[];
}

/** Names above a name, nearest first, down to the root's empty name. */
export const ancestorsOf = (name: string): readonly string[] => {
  const labels = name.split(".");
  return name === "" ? [] : labels.map((_, index) => labels.slice(index + 1).join("."));
};

/** Whether a name is another's or below it; everything is below the root. */
export const isUnder = (name: string, above: string): boolean =>
  above === "" || name === above || name.endsWith(`.${above}`);

/** How many of a zone's servers are located when one of them is to be asked; `com` has thirteen. */
const ENOUGH = 6;

/** The nearest zone strictly above a name, as the recursive resolver knows it. Never asks for the name itself: a cache would keep its absence. */
export const zoneAbove = async (resolver: Resolver, name: string, signal?: AbortSignal): Promise<ZoneServers> => {
  let last = "";
  for (const zone of ancestorsOf(name)) {
    const { rcode, answers } = await resolver.ask(zone, "NS", signal);
    const names = answers.filter((record) => record.type === "NS" && record.name === zone).map(({ value }) => value);
    if (names.length > 0) return { zone, servers: await locate(resolver, names.slice(0, ENOUGH), new Map(), signal) };
    last = rcode;
  }
  throw new UserError({
    id: "dns.resolver",
    what: `The DNS resolver ${resolver.server} does not even know the root's name servers: it answers ${last}.`,
    ...(resolver.isRehearsed ? {} : { why: "It is no recursive resolver, or it does not serve this machine." }),
    remedy: anotherResolver(resolver, "Name one that does."),
    kind: "unseen",
  });
};

/** The addresses of name servers: glue where the parent gave some, else by the recursive resolver; IPv4 first. */
export const locate = (
  resolver: Resolver,
  names: readonly string[],
  glue: ReadonlyMap<string, readonly string[]>,
  signal?: AbortSignal,
): Promise<readonly NameServer[]> =>
  Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const given = glue.get(name);
      if (given) return { name, addresses: given };
      const found = await Promise.all(
        (["A", "AAAA"] as const).map(async (type) => {
          const { answers } = await resolver.ask(name, type, signal);
          return answers.filter((record) => record.type === type).map(({ value }) => value);
        }),
      );
      return { name, addresses: found.flat() };
    }),
  );

/** Asks one address. Rejects only when the signal is aborted; a server that has not answered in time counts as silent. */
export const askAt = async (
  resolver: Resolver,
  server: NameServer,
  address: string,
  name: string,
  type: RecordType,
  signal?: AbortSignal,
): Promise<Reply> => {
  try {
    return { server, address, answer: await resolver.askServer(address, name, type, signal) };
  } catch (error) {
    if (error instanceof TimeUp)
      return { server, address, answer: new NoAnswer(address, `${address} has not answered in time`, error) };
    if (!(error instanceof NoAnswer)) throw error;
    return { server, address, answer: error };
  }
};

/** Error codes (errno) of a machine that has no route to that kind of address. */
const NO_WAY: ReadonlySet<unknown> = new Set(["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/**
 * Whether a silent server says nothing about itself: this machine has no route to it, or its address is IPv6, which many networks drop silently.
 * Other silent servers really do not answer.
 */
export const isBeyondReach = ({ address, answer }: Reply): boolean =>
  answer instanceof NoAnswer &&
  (address.includes(":") || (answer.cause instanceof Error && "code" in answer.cause && NO_WAY.has(answer.cause.code)));

/** Name servers that answered at none of their addresses, though they could be reached at one, or that have none. */
export const deadOf = (servers: readonly NameServer[], said: readonly Reply[]): readonly NameServer[] =>
  servers.filter((server) => {
    const own = said.filter((one) => one.server === server);
    return own.every(({ answer }) => answer instanceof NoAnswer) && !(own.length > 0 && own.every(isBeyondReach));
  });

/** `ns1.example.net (198.51.100.1) does not answer`. */
export const deadWords = ({ name, addresses }: NameServer): string =>
  addresses.length === 0 ? `${name} has no address` : `${name} (${addresses.join(", ")}) does not answer`;

/** Asks every address of every server at once. `onReply` is called with each reply as it comes. */
export const askAll = (
  resolver: Resolver,
  servers: readonly NameServer[],
  name: string,
  type: RecordType,
  signal?: AbortSignal,
  onReply: (said: Reply) => void = () => {},
): Promise<readonly Reply[]> =>
  Promise.all(
    servers.flatMap((server) =>
      server.addresses.map(async (address) => {
        const said = await askAt(resolver, server, address, name, type, signal);
        onReply(said);
        return said;
      }),
    ),
  );

/** How many servers are asked at once, so that a dead one costs no time; how often that is done, and after how long without an answer, in ms. */
const AT_ONCE = 3;
const ROUNDS = 2;
const NEXT_MS = 1_000;

const isUseful = ({ rcode }: Answer): boolean => rcode === "NOERROR" || rcode === "NXDOMAIN";

/** An answer of one of several servers. */
export type UsefulReply = Reply & { readonly answer: Answer };

/** A server of a zone says SERVFAIL for a moment while it starts, or loads the zone anew. */
export const isPassing = ({ answer }: Reply): boolean => !(answer instanceof NoAnswer) && answer.rcode === "SERVFAIL";

/** Makes an attempt, again where the resolver is a patient one. */
export const patientlyBy = async <T>(
  { patiently }: Resolver,
  attempt: () => Promise<Attempt<T>>,
  signal?: AbortSignal,
): Promise<T> => (patiently ? patiently(attempt, signal) : (await attempt()).result);

/**
 * The first useful answer (NOERROR, NXDOMAIN) of one of these servers. Undefined: none of those asked gave any; some networks let
 * nobody but their own resolver ask. Where there was SERVFAIL and nothing better, all are asked again for as long as the resolver is patient.
 */
export const askOneOf = (
  resolver: Resolver,
  servers: readonly NameServer[],
  name: string,
  type: RecordType,
  signal?: AbortSignal,
  isWanted: (answer: Answer) => boolean = isUseful,
): Promise<UsefulReply | undefined> =>
  patientlyBy(
    resolver,
    async () => {
      const refused: UsefulReply[] = [];
      const result = await askOnce(resolver, servers, { name, type, signal, isWanted }, refused);
      const [passing] = result ? [] : refused.filter(isPassing);
      return {
        result,
        trouble:
          passing && `no name server gives an answer for ${name} ${type}: ${serverLabel(passing)} answers SERVFAIL`,
      };
    },
    signal,
  );

interface ServerQuestion {
  readonly name: string;
  readonly type: RecordType;
  readonly signal: AbortSignal | undefined;
  readonly isWanted: (answer: Answer) => boolean;
}

/** `refused` is filled with the answers that were none. */
const askOnce = async (
  resolver: Resolver,
  servers: readonly NameServer[],
  question: ServerQuestion,
  refused: UsefulReply[],
): Promise<UsefulReply | undefined> => {
  const { name, type, signal, isWanted } = question;
  // The first address of each server is asked before the second address of any.
  const most = Math.max(0, ...servers.map(({ addresses }) => addresses.length));
  const places = Array.from({ length: most }, (_, index) =>
    servers.flatMap((server) => {
      const address = server.addresses[index];
      return address === undefined ? [] : [{ server, address }];
    }),
  ).flat();
  if (resolver.inOrder) return firstInOrder(resolver, places.slice(0, AT_ONCE * ROUNDS), question, refused);
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const askRound = async (round: number): Promise<UsefulReply> => {
    const asked = places.slice(round * AT_ONCE, (round + 1) * AT_ONCE).map(async ({ server, address }) => {
      const answer = await resolver.askServer(address, name, type, both);
      if (isWanted(answer)) return { server, address, answer };
      refused.push({ server, address, answer });
      throw new NoAnswer(address, `${address} answers ${answer.rcode}`);
    });
    const failed = Promise.allSettled(asked);
    const next = async (): Promise<UsefulReply> => {
      await Promise.race([failed, sleep(NEXT_MS, undefined, { signal: both })]);
      return askRound(round + 1);
    };
    const isLast = round + 1 === ROUNDS || places.length <= (round + 1) * AT_ONCE;
    return Promise.any(isLast ? asked : [...asked, next()]);
  };
  try {
    return await askRound(0);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  } finally {
    stop.abort();
  }
};

/** The same, of the first by its place in the list: all are asked at once, and each is waited for. */
const firstInOrder = async (
  resolver: Resolver,
  places: readonly Pick<Reply, "server" | "address">[],
  { name, type, signal, isWanted }: ServerQuestion,
  refused: UsefulReply[],
): Promise<UsefulReply | undefined> => {
  const said = await Promise.all(
    places.map(({ server, address }) => askAt(resolver, server, address, name, type, signal)),
  );
  const answered = said.filter((one): one is UsefulReply => !(one.answer instanceof NoAnswer));
  refused.push(...answered.filter(({ answer }) => !isWanted(answer)));
  return answered.find(({ answer }) => isWanted(answer));
};
