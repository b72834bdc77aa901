import { randomInt } from "node:crypto";
import { getServers } from "node:dns";
import type { DecodedPacket } from "dns-packet";
import { type Answer, NoAnswer, type QuestionType, type Resolver } from "../../ports/dns.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { type Exchange, overTcp, overUdp, Silence } from "./exchange.ts";
import { decodeAnswer, encodeQuestion, type Question, rcodeOf, toAnswer } from "./wire.ts";

export interface ResolverOptions {
  /** Where recursive questions go: `host`, `host:port`, `[v6]:port`. Default: the system's first. */
  readonly server?: string | undefined;
  /**
   * The rehearsal: IP address → `host:port` to ask instead, so that its servers may have addresses as on the Internet. What is not in it
   * has no answer; nothing leaves the machine.
   */
  readonly connectTo?: ReadonlyMap<string, string> | undefined;
  /** For one try; default 2000. */
  readonly timeoutMs?: number;
}

/**
 * A way may let no UDP through, no answer may be hidden behind a lost packet, and some drop what has EDNS without a word (RFC 6891 section
 * 6.2.2 has it left out then).
 */
const TRIES = [
  { over: overUdp, edns: true },
  { over: overUdp, edns: false },
  { over: overTcp, edns: true },
  { over: overTcp, edns: false },
] as const;

/** Asking again finds the same. */
const HOPELESS: ReadonlySet<unknown> = new Set([
  ...["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL", "EACCES", "EPERM"],
]);
const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** A {@link Resolver} over UDP and TCP sockets. Opens nothing until it is asked, keeps nothing open, remembers no answer. */
export const createResolver = ({ server, connectTo, timeoutMs = 2_000 }: ResolverOptions = {}): Resolver => {
  const recursive = server ?? getServers()[0] ?? "127.0.0.1";
  return {
    server: recursive,
    ask: async (name, type, signal) => {
      signal?.throwIfAborted();
      return ask(recursive, await endpointOf(recursive), { name, type, recursion: true }, timeoutMs, signal);
    },
    askUnchecked: async (name, type, signal) => {
      signal?.throwIfAborted();
      const question = { name, type, recursion: true, unchecked: true };
      return ask(recursive, await endpointOf(recursive), question, timeoutMs, signal);
    },
    askServer: async (address, name, type, signal) => {
      signal?.throwIfAborted();
      const target = connectTo ? connectTo.get(address) : address;
      if (target === undefined) throw new NoAnswer(address, `${address}: no such server in the rehearsal world`);
      return ask(address, await endpointOf(target), { name, type, recursion: false }, timeoutMs, signal);
    },
  };
};

const ask = async (
  server: string,
  endpoint: Endpoint,
  question: Question,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer> => {
  let knowsEdns = true;
  let last: unknown;
  const ended = new AbortController();
  const exchange = (edns: boolean, onLate: Exchange["onLate"]): Exchange => {
    const id = randomInt(0x10000);
    return {
      endpoint,
      message: encodeQuestion(question, id, edns),
      accept: (message) => decodeAnswer(message, question, id),
      onLate,
      timeoutMs,
      signal: AbortSignal.any([ended.signal, ...(signal ? [signal] : [])]),
    };
  };
  const attempt = async (
    { over, edns }: (typeof TRIES)[number],
    onLate: Exchange["onLate"],
  ): Promise<DecodedPacket> => {
    let packet = await over(exchange(edns && knowsEdns, onLate));
    if (edns && knowsEdns && misread(packet)) {
      knowsEdns = false;
      packet = await over(exchange(false, onLate));
    }
    return packet.flag_tc && over === overUdp ? overTcp(exchange(edns && knowsEdns, onLate)) : packet;
  };
  /** Of tries that went on without an answer. */
  const late: Promise<DecodedPacket>[] = [];
  try {
    for (const way of TRIES) {
      const { promise: silence, reject: onLate } = Promise.withResolvers<never>();
      const answered = attempt(way, onLate);
      try {
        return toAnswer(server, await Promise.race([...late, answered, silence]));
      } catch (error) {
        signal?.throwIfAborted();
        last = error;
        // A server that accepted the connection and stayed silent may dislike EDNS. One that refused the connection is not asked again.
        if (HOPELESS.has(codeOf(error)) || (way.over === overTcp && !(error instanceof Silence))) break;
      }
      late.push(answered.catch(() => new Promise<never>(() => {})));
    }
  } finally {
    ended.abort();
  }
  throw new NoAnswer(server, `${server} does not answer ${describe(question)}: ${reasonOf(last, endpoint)}`, last);
};

/** RFC 6891 section 7: such a server may know nothing of EDNS. */
const misread = (packet: DecodedPacket): boolean => ["FORMERR", "NOTIMP", "BADVERS"].includes(rcodeOf(packet));

const describe = ({ name, type }: { readonly name: string; readonly type: QuestionType }): string =>
  `${name === "" ? "." : name} ${type}`;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "it closed the connection",
  ENETUNREACH: "the network cannot be reached from here",
  EHOSTUNREACH: "the host cannot be reached from here",
  EADDRNOTAVAIL: "the network cannot be reached from here",
  EAFNOSUPPORT: "this machine does not speak that kind of address",
};

const reasonOf = (error: unknown, { family }: Endpoint): string => {
  const known = REASONS[String(codeOf(error))];
  if (known) return family === 6 ? `${known} (IPv6)` : known;
  return error instanceof Error ? error.message : String(error);
};
