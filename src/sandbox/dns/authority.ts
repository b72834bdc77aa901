/** A server that answers with authority for its zones, and for nothing else. */

import { type AskedQuestion, type Fault, judge, lateness, type SeenQuestion } from "./fault.ts";
import { type Found, lookup, type Surroundings } from "./lookup.ts";
import { isWithin } from "./names.ts";
import { type Listening, listen } from "./server.ts";
import { applyUpdate, type Ttls } from "./update/apply.ts";
import { type RawMessage, readMessage } from "./update/message.ts";
import { transfer } from "./update/transfer.ts";
import { SIGNATURE_ROOM, type TsigKey, type Verified, verify } from "./update/tsig.ts";
import {
  decodeQuery,
  encodeReply,
  malformed,
  opcodeOf,
  type Query,
  type Rcode,
  type Reply,
  type Transport,
} from "./wire.ts";
import type { Content, Versions } from "./zone.ts";

export interface ServedZone {
  readonly name: string;
  readonly versions: Versions;
  /** Who may update it and take it over whole. Nobody without one. */
  readonly keys: readonly TsigKey[];
  readonly ttls: Ttls;
  /** The server that takes updates. */
  readonly primary: string;
}

export interface Authority extends Listening {
  readonly name: string;
  readonly serve: (zone: ServedZone) => void;
  readonly serves: (zoneName: string) => boolean;
}

export interface AuthorityOptions {
  readonly name: string;
  readonly surroundings: Surroundings;
  readonly fault: () => Fault | undefined;
  readonly onQuestion: (seen: SeenQuestion) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const QUERY = 0;
const UPDATE = 5;

export const startAuthority = async (options: AuthorityOptions): Promise<Authority> => {
  const zones: ServedZone[] = [];
  const nearest = (name: string): ServedZone | undefined =>
    zones.filter((zone) => isWithin(name, zone.name)).sort((a, b) => b.name.length - a.name.length)[0];
  const listening = await listen(async (message, transport) => {
    // A key is the server's; what it may do is the zone's.
    const keys = zones.flatMap((zone) => zone.keys);
    return answerTo(message, transport, nearest, keys, options);
  });
  return {
    ...listening,
    name: options.name,
    serve: (zone) => void zones.push(zone),
    serves: (zoneName) => zones.some(({ name }) => name === zoneName),
  };
};

/** One message as it came in. */
interface Incoming {
  readonly query: Query;
  readonly raw: RawMessage;
  readonly transport: Transport;
  readonly zone: ServedZone | undefined;
  readonly lag: number;
}

interface Outgoing {
  readonly messages: readonly Buffer[];
  readonly rcode: Rcode;
}

const answerTo = async (
  message: Buffer,
  transport: Transport,
  nearest: (name: string) => ServedZone | undefined,
  keys: readonly TsigKey[],
  options: AuthorityOptions,
): Promise<readonly Buffer[]> => {
  const opcode = opcodeOf(message);
  const read = opcode === undefined ? undefined : attemptRead(message, opcode);
  if (!read) return [malformed(message)].filter((answer) => answer !== undefined);
  const { query, raw } = read;
  const asked: AskedQuestion = {
    server: options.name,
    operation: opcode === QUERY ? "query" : opcode === UPDATE ? "update" : "other",
    name: query.name,
    type: query.type,
    transport,
  };
  const verdict = judge(options.fault(), asked);
  if (verdict === "drop") {
    options.onQuestion(asked);
    return [];
  }
  const lag = typeof verdict === "object" && "lag" in verdict ? verdict.lag : 0;
  const incoming = { query, raw, transport, lag, zone: verdict === "lame" ? undefined : nearest(query.name) };
  const simple = (reply: Reply): Outgoing => replied(incoming, reply);
  const outgoing =
    verdict === "servfail"
      ? simple({ rcode: "SERVFAIL" })
      : verdict === "truncate" && transport === "udp"
        ? simple({ rcode: "NOERROR", authoritative: true, truncated: true })
        : signedAnswer(incoming, opcode ?? QUERY, keys, options);
  await lateness(verdict);
  const [first] = outgoing.messages;
  const { rcode } = outgoing;
  const isMute = verdict === "mute" || first === undefined;
  options.onQuestion(isMute ? asked : { ...asked, rcode, ...(((first[2] ?? 0) & 2) === 0 ? {} : { truncated: true }) });
  return isMute ? [] : outgoing.messages;
};

const attemptRead = (message: Buffer, opcode: number): { query: Query; raw: RawMessage } | undefined => {
  try {
    const raw = readMessage(message);
    // The library reads the header and the question of anything; what follows in an update is not for it.
    const { question } = raw;
    const query = decodeQuery(opcode === UPDATE ? questionOf(message, question.length) : message);
    return query && { query, raw };
  } catch {
    return undefined;
  }
};

/** The message without its other sections. */
const questionOf = (message: Buffer, count: number): Buffer => {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(count, 4);
  copy.fill(0, 6, 12);
  return copy;
};

const replied = ({ query, transport }: Incoming, reply: Reply, room = 0): Outgoing => ({
  messages: [encodeReply(query, reply, transport === "udp", room)],
  rcode: reply.rcode,
});

const signedAnswer = (
  incoming: Incoming,
  opcode: number,
  keys: readonly TsigKey[],
  options: AuthorityOptions,
): Outgoing => {
  const { query, raw, zone } = incoming;
  // Keys of several zones may bear one name: the zone's own come first.
  const verified = verify(raw, [...(zone?.keys ?? []), ...keys], options.now());
  const { messages, rcode } = outgoingFor(incoming, opcode, verified, options);
  if (!("sign" in verified) || query.opcode !== opcode) return { messages, rcode };
  return { messages: messages.map((message) => verified.sign(message)), rcode };
};

const outgoingFor = (incoming: Incoming, opcode: number, verified: Verified, options: AuthorityOptions): Outgoing => {
  const { query, raw, zone, transport, lag } = incoming;
  const simple = (reply: Reply): Outgoing =>
    replied(incoming, reply, verified.kind === "unsigned" ? 0 : SIGNATURE_ROOM);
  if (verified.kind === "malformed") return simple({ rcode: "FORMERR" });
  if (verified.kind === "refused") return simple({ rcode: "NOTAUTH" });
  if (opcode === UPDATE) return simple({ rcode: updated(raw, query, zone, verified, options) });
  if (opcode !== QUERY) return simple({ rcode: "NOTIMP" });
  if (query.class !== "IN" || !zone) return simple({ rcode: "REFUSED" });
  const content = zone.versions.seenBy(options.name, lag);
  if (query.type === "AXFR" || query.type === "IXFR") {
    if (transport === "udp") return simple({ rcode: "FORMERR" });
    if (query.name !== zone.name) return simple({ rcode: "NOTAUTH" });
    if (!isTrusted(verified, zone)) return simple({ rcode: "REFUSED" });
    return { messages: transfer(query, content, zone.name), rcode: "NOERROR" };
  }
  const found = lookup(content, zone.name, query.name, query.type, options.surroundings);
  return simple(query.isSigned ? withSigner(found, content) : found);
};

/** A referral says how the zone below is signed (RFC 4035 §3.1.4). */
const withSigner = (found: Found, content: Content): Found => {
  const [cut] = found.authoritative ? [] : found.authority;
  const signer = content.get(cut?.name ?? "")?.find(({ type }) => type === "DS");
  if (!cut || !signer) return found;
  const records = signer.values.map((value) => ({ name: cut.name, type: "DS", ttl: signer.ttl ?? cut.ttl, value }));
  return { ...found, authority: [...found.authority, ...records] };
};

const isTrusted = (verified: Verified, zone: ServedZone): boolean =>
  verified.kind === "signed" && zone.keys.includes(verified.key);

/** RFC 2136 §3.1 and §3.3. */
const updated = (
  raw: RawMessage,
  { name, type, class: zoneClass }: Query,
  zone: ServedZone | undefined,
  verified: Verified,
  options: AuthorityOptions,
): Rcode => {
  if (type !== "SOA") return "FORMERR";
  if (!zone || zone.name !== name || zoneClass !== "IN") return "NOTAUTH";
  if (!isTrusted(verified, zone) || zone.primary !== options.name) return "REFUSED";
  const types = verified.kind === "signed" ? verified.key.types : undefined;
  return applyUpdate(raw, zone.name, zone.versions.records, { ttls: zone.ttls, types });
};
