/**
 * The recursive resolver: from the root down by what parents delegate (RFC 1034 §5.3.3), over real sockets. It validates as far as this: a zone that
 * its parent has a DS for must have a key that the DS names. Signatures are not looked at.
 */

import { ask } from "./ask.ts";
import { createCache } from "./cache.ts";
import { type AskedQuestion, type Fault, judge, lateness, type SeenQuestion } from "./fault.ts";
import { hasSigner } from "./keys.ts";
import type { Rr } from "./lookup.ts";
import { isWithin } from "./names.ts";
import { type Listening, listen } from "./server.ts";
import { decodeQuery, encodeReply, malformed, type Reply, type Response } from "./wire.ts";

export interface ResolverOptions {
  /** Addresses of the root's servers. */
  readonly roots: () => readonly string[];
  /** From an address to where it can be reached; one that is not in it cannot. */
  readonly connectTo: ReadonlyMap<string, string>;
  readonly isCaching: boolean;
  readonly fault: () => Fault | undefined;
  readonly onQuestion: (seen: SeenQuestion) => void;
  readonly now: () => number;
  readonly random: () => number;
}

export interface RecursiveResolver extends Listening {
  /** Forgets what was cached. */
  readonly flush: () => void;
}

export const RESOLVER = "resolver";
const CHAIN_LIMIT = 12;
/** Name servers whose addresses need name servers whose addresses … */
const DEPTH_LIMIT = 6;
const REFERRAL_LIMIT = 20;
const FIRST_TIMEOUT_MS = 500;
const SECOND_TIMEOUT_MS = 1500;
const FAILURE: Reply = { rcode: "SERVFAIL" };

export const startResolver = async (options: ResolverOptions): Promise<RecursiveResolver> => {
  const cache = createCache(options.now);
  const resolve = (name: string, type: string): Promise<Reply> => follow(name, type, 0, options);
  const cached = async (name: string, type: string): Promise<Reply> => {
    const known = options.isCaching ? cache.get(name, type) : undefined;
    if (known) return known;
    const reply = await resolve(name, type);
    if (options.isCaching) cache.put(name, type, reply);
    return reply;
  };
  const listening = await listen(async (message, transport) => {
    const query = decodeQuery(message);
    if (!query) return [malformed(message)].filter((answer) => answer !== undefined);
    const { name, type } = query;
    const asked: AskedQuestion = { server: RESOLVER, operation: "query", name, type, transport };
    const verdict = judge(options.fault(), asked);
    const answer = async (): Promise<Reply> => {
      if (query.opcode !== 0) return { rcode: "NOTIMP" };
      if (query.class !== "IN" || type === "AXFR" || type === "IXFR") return { rcode: "REFUSED" };
      if (verdict === "truncate" && transport === "udp") return { rcode: "NOERROR", truncated: true };
      if (verdict === "servfail" || verdict === "lame") return FAILURE;
      const reply = await cached(name, type);
      return reply.isBogus && !query.isUnchecked ? FAILURE : reply;
    };
    if (verdict === "drop") {
      options.onQuestion(asked);
      return [];
    }
    await lateness(verdict);
    const reply = { ...(await answer()), authoritative: false, recursionAvailable: true };
    options.onQuestion({ ...asked, rcode: reply.rcode, ...(reply.truncated ? { truncated: true } : {}) });
    return verdict === "mute" ? [] : [encodeReply(query, reply, transport === "udp")];
  });
  return { ...listening, flush: cache.clear };
};

/** The answer with every CNAME on the way. */
const follow = async (name: string, type: string, depth: number, options: ResolverOptions): Promise<Reply> => {
  const chain: Rr[] = [];
  let isBogus = false;
  const seen = new Set<string>();
  for (let asked = name; !seen.has(asked) && seen.size < CHAIN_LIMIT; ) {
    seen.add(asked);
    const response = await iterate(asked, type, depth, options);
    if (!response) return FAILURE;
    isBogus ||= response.isBogus;
    const links = response.answers.filter((record) => record.type === "CNAME" && record.name === asked);
    const [link] = type === "CNAME" || type === "ANY" ? [] : links;
    if (!link) {
      const answers = response.answers.filter((record) => record.name === asked);
      const authority = answers.length === 0 ? response.authority.filter((record) => record.type === "SOA") : [];
      return { rcode: response.rcode, answers: [...chain, ...answers], authority, ...(isBogus ? { isBogus } : {}) };
    }
    chain.push(link);
    asked = link.value;
  }
  return FAILURE;
};

/** The answer of a server that has authority for the name. */
const iterate = async (
  name: string,
  type: string,
  depth: number,
  options: ResolverOptions,
): Promise<(Response & { readonly isBogus: boolean }) | undefined> => {
  if (depth > DEPTH_LIMIT) return undefined;
  let cut = "";
  let isBogus = false;
  let servers: AsyncIterable<string> | Iterable<string> = options.roots();
  for (let referrals = 0; referrals < REFERRAL_LIMIT; referrals += 1) {
    const response = await askAny(servers, name, type, cut, options);
    if (!response) return undefined;
    const referral = referralIn(response, name, cut);
    if (referral.length === 0) return { ...response, isBogus };
    cut = referral[0]?.name ?? "";
    servers = addresses(referral, response.additional, depth, options);
    const signers = response.authority.filter((record) => record.type === "DS" && record.name === cut);
    if (signers.length === 0) continue;
    const keys = await askAny(addresses(referral, response.additional, depth, options), cut, "DNSKEY", cut, options);
    isBogus ||= keys !== undefined && !hasSigner(signers, keys.answers);
  }
  return undefined;
};

/** The first answer of use: with authority, or a referral further down. Who was silent is asked once more. */
const askAny = async (
  servers: AsyncIterable<string> | Iterable<string>,
  name: string,
  type: string,
  cut: string,
  { connectTo, random }: ResolverOptions,
): Promise<Response | undefined> => {
  const askOne = (endpoint: string, timeoutMs: number): Promise<Response | undefined> =>
    ask(endpoint, Math.floor(random() * 0x10000), name, type, timeoutMs);
  const isUseful = (response: Response): boolean =>
    (response.rcode === "NOERROR" || response.rcode === "NXDOMAIN") &&
    (response.authoritative || referralIn(response, name, cut).length > 0);
  const silent: string[] = [];
  for await (const address of servers) {
    const endpoint = connectTo.get(address);
    if (endpoint === undefined) continue;
    const response = await askOne(endpoint, FIRST_TIMEOUT_MS);
    if (response && isUseful(response)) return response;
    if (!response) silent.push(endpoint);
  }
  for (const endpoint of silent) {
    const response = await askOne(endpoint, SECOND_TIMEOUT_MS);
    if (response && isUseful(response)) return response;
  }
  return undefined;
};

const referralIn = (response: Response, name: string, cut: string): readonly Rr[] =>
  response.authoritative
    ? []
    : response.authority.filter(
        (record) =>
          record.type === "NS" && record.name !== cut && isWithin(record.name, cut) && isWithin(name, record.name),
      );

/** Those known from glue first; the others are looked up only when they are needed. */
async function* addresses(
  referral: readonly Rr[],
  glue: readonly Rr[],
  depth: number,
  options: ResolverOptions,
): AsyncIterable<string> {
  const isAddress = ({ type }: Rr): boolean => type === "A" || type === "AAAA";
  const known = (server: Rr): readonly Rr[] =>
    glue.filter((record) => record.name === server.value && isAddress(record));
  for (const server of referral) for (const { value } of known(server)) yield value;
  for (const server of referral.filter((each) => known(each).length === 0)) {
    const { answers = [] } = await follow(server.value, "A", depth + 1, options);
    for (const { value } of answers.filter(isAddress)) yield value;
  }
}
