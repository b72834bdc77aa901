/** DNS messages as bytes (RFC 1035 §4, EDNS of RFC 6891), by dns-packet. Updates have a room of their own. */

import { type Answer, DNSSEC_OK, decode, encode, type Packet, type RecordType } from "dns-packet";
import type { Rr } from "./lookup.ts";
import { nameOf } from "./names.ts";
import { dataOf, TYPES, textOf } from "./values.ts";

/** RFC 1035 §4.2.1, and what the flag day of 2020 settled on. */
const PLAIN_UDP_LIMIT = 512;
const EDNS_UDP_LIMIT = 1232;

const RCODES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
] as const;
export type Rcode = (typeof RCODES)[number];

const AA = 1 << 10;
const TC = 1 << 9;
const RD = 1 << 8;
const RA = 1 << 7;
const OPCODE = 0xf << 11;

export type Transport = "udp" | "tcp";

export interface Query {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** Absolute, lower case. */
  readonly name: string;
  readonly type: string;
  /** `IN` */
  readonly class: string;
  /** As it was asked, in the asker's letters. */
  readonly question: NonNullable<Packet["questions"]>;
  /** The UDP payload that the asker takes; absent without EDNS. */
  readonly payload?: number;
  /** CD: what does not verify is answered all the same (RFC 4035 §3.2.2). */
  readonly isUnchecked: boolean;
  /** DO: it takes what belongs to signatures, such as DS beside a referral (RFC 3225). */
  readonly isSigned: boolean;
}

export interface Reply {
  readonly rcode: Rcode;
  readonly authoritative?: boolean;
  readonly recursionAvailable?: boolean;
  readonly truncated?: boolean;
  readonly answers?: readonly Rr[];
  readonly authority?: readonly Rr[];
  readonly additional?: readonly Rr[];
  /** What a validating resolver does not believe. */
  readonly isBogus?: boolean;
}

/** What a server answered. */
export interface Response extends Required<Omit<Reply, "recursionAvailable" | "isBogus">> {
  readonly id: number;
  readonly question: { readonly name: string; readonly type: string } | undefined;
}

/** 0 is a query, 4 a notification, 5 an update. Undefined: not a request. */
export const opcodeOf = (message: Buffer): number | undefined => {
  if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
  return ((message[2] ?? 0) >> 3) & 0xf;
};

/** Undefined: not one well-formed question. */
export const decodeQuery = (message: Buffer): Query | undefined => {
  const packet = attemptDecode(message);
  const [question] = packet?.questions ?? [];
  if (!packet || !question || packet.questions?.length !== 1) return undefined;
  const opt = packet.additionals?.find((record) => record.type === "OPT");
  return {
    id: packet.id ?? 0,
    opcode: ((packet.flags ?? 0) & OPCODE) >> 11,
    recursionDesired: packet.flag_rd,
    name: nameOf(question.name),
    type: question.type,
    class: question.class ?? "IN",
    question: [question],
    isUnchecked: packet.flag_cd,
    isSigned: opt?.type === "OPT" && opt.flag_do,
    ...(opt?.type === "OPT" ? { payload: opt.udpPayloadSize } : {}),
  };
};

/** `fit`: over UDP; an answer that does not is cut to its question, with TC set (RFC 2181 §9). `room`: bytes to leave free. */
export const encodeReply = (query: Query, reply: Reply, fit: boolean, room = 0): Buffer => {
  const limit = query.payload === undefined ? PLAIN_UDP_LIMIT : Math.max(PLAIN_UDP_LIMIT, query.payload);
  const bytes = packReply(query, reply);
  if (!fit || bytes.length + room <= Math.min(limit, EDNS_UDP_LIMIT)) return bytes;
  return packReply(query, { ...reply, truncated: true, answers: [], authority: [], additional: [] });
};

const packReply = (query: Query, reply: Reply): Buffer =>
  encode({
    type: "response",
    id: query.id,
    flags:
      (query.opcode << 11) |
      (reply.authoritative ? AA : 0) |
      (reply.truncated ? TC : 0) |
      (query.recursionDesired ? RD : 0) |
      (reply.recursionAvailable ? RA : 0) |
      RCODES.indexOf(reply.rcode),
    questions: [...query.question],
    answers: (reply.answers ?? []).map(pack),
    authorities: (reply.authority ?? []).map(pack),
    additionals: [...(reply.additional ?? []).map(pack), ...(query.payload === undefined ? [] : [OPT])],
  });

const OPT: Answer = {
  type: "OPT",
  name: ".",
  udpPayloadSize: EDNS_UDP_LIMIT,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

const pack = ({ name, type, ttl, value }: Rr): Answer =>
  ({ name: name === "" ? "." : name, type, ttl, class: "IN", data: dataOf(type, value) }) as Answer;

/** An answer to a message that could not be read; undefined when not even its header could. */
export const malformed = (message: Buffer): Buffer | undefined => {
  if (opcodeOf(message) === undefined) return undefined;
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 4);
  header.writeUInt16BE(0x8000 | (message.readUInt16BE(2) & (OPCODE | RD)) | RCODES.indexOf("FORMERR"), 2);
  return header;
};

/** A question to a server that answers with authority: no recursion. */
export const encodeQuestion = (id: number, name: string, type: string): Buffer =>
  encode({
    type: "query",
    id,
    flags: 0,
    questions: [{ name: name === "" ? "." : name, type: type as RecordType, class: "IN" }],
    additionals: [{ ...OPT, flags: DNSSEC_OK, flag_do: true }],
  });

/** Undefined: not an answer. Records of types that no zone here can hold are left out. */
export const decodeResponse = (message: Buffer): Response | undefined => {
  const packet = attemptDecode(message);
  if (packet?.type !== "response") return undefined;
  const [question] = packet.questions ?? [];
  return {
    id: packet.id ?? 0,
    rcode: RCODES[(packet.flags ?? 0) & 0xf] ?? "SERVFAIL",
    authoritative: packet.flag_aa,
    truncated: packet.flag_tc,
    question: question && { name: nameOf(question.name), type: question.type },
    answers: (packet.answers ?? []).flatMap(unpack),
    authority: (packet.authorities ?? []).flatMap(unpack),
    additional: (packet.additionals ?? []).flatMap(unpack),
  };
};

const unpack = (record: Answer): readonly Rr[] =>
  record.type !== "OPT" && TYPES.includes(record.type)
    ? [
        {
          name: nameOf(record.name),
          type: record.type,
          ttl: record.ttl ?? 0,
          value: textOf(record.type, record.data),
        },
      ]
    : [];

const attemptDecode = (message: Buffer): ReturnType<typeof decode> | undefined => {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
};
