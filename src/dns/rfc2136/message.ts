import { encodeName, readName } from "./names.ts";

/**
 * DNS messages (RFC 1035 4, RFC 2136 2). Our own framing, because dns-packet knows no class NONE, no empty RDATA of
 * class ANY and no place of a record in its message, which TSIG needs. RDATA itself is its business, see rdata.ts.
 */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  SVCB: 64,
  HTTPS: 65,
  TSIG: 250,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
export const OPCODE = { QUERY: 0, UPDATE: 5 } as const;

/** RFC 1035 4.1.1, RFC 2136 2.2; above 15 only inside TSIG (RFC 8945 3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADTRUNC: 22,
} as const;

/** `NXRRSET`; `RCODE 11` for what has no name here. */
export const rcodeName = (code: number): string =>
  Object.entries(RCODE).find(([, value]) => value === code)?.[0] ?? `RCODE ${code}`;

export interface WireRecord {
  /** As {@link readName} gives it. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** RDATA; names in those of NS, CNAME and SOA are written out. */
  readonly data: Buffer;
}

const EMPTY = { ttl: 0, data: Buffer.alloc(0) };

/** Prerequisite: the record set does not exist (RFC 2136 2.4.3); with type ANY, the name is not in use (2.4.5). */
export const absent = (name: string, type: number): WireRecord => ({ ...EMPTY, name, type, class: CLASS.NONE });

/** Prerequisite: the set exists, whatever it holds (RFC 2136 2.4.1). Update: all of it goes (2.5.2). */
export const anything = (name: string, type: number): WireRecord => ({ ...EMPTY, name, type, class: CLASS.ANY });

export interface Question {
  readonly name: string;
  readonly type: number;
}

/** The sections as QUERY calls them; UPDATE's zone, prerequisites and updates are the first three. */
export interface Message {
  readonly id: number;
  readonly opcode: number;
  readonly question: Question | undefined;
  readonly answers: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
}

export interface Received extends Message {
  readonly response: boolean;
  readonly authoritative: boolean;
  readonly rcode: number;
  readonly additional: readonly WireRecord[];
  /** Where the last additional record begins: what TSIG signs ends there. */
  readonly lastAt: number;
}

const HEADER = 12;
const MOST = 65_535;

/** The update does not fit into one message, and two messages would not be atomic. */
export class TooLarge extends Error {
  constructor(size: number) {
    super(`a message of ${size} bytes, where ${MOST} is the most`);
    this.name = "TooLarge";
  }
}

export const encodeRecord = ({ name, type, class: klass, ttl, data }: WireRecord): Buffer => {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(klass, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
};

/** Without EDNS and without asking for recursion. Throws BadName and {@link TooLarge}; room for a TSIG is kept. */
export const encodeMessage = ({ id, opcode, question, answers, authority }: Message): Buffer => {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(opcode << 11, 2);
  header.writeUInt16BE(question ? 1 : 0, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authority.length, 8);
  const asked = question
    ? [encodeName(question.name), Buffer.from([question.type >> 8, question.type & 255, 0, 1])]
    : [];
  const message = Buffer.concat([header, ...asked, ...answers.map(encodeRecord), ...authority.map(encodeRecord)]);
  if (message.length > MOST - 1024) throw new TooLarge(message.length);
  return message;
};

/** The smallest size of an entry: the root as its name, type and class; a record also has a TTL and the length of its data. */
const LEAST = { question: 5, record: 11 };

/** Refuses counts that are larger than the message could hold, before anything is read. */
const assertCounts = (message: Buffer): void => {
  if (message.length < HEADER) throw new RangeError("a header that is cut off");
  const [questions = 0, ...records] = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset));
  const least = HEADER + questions * LEAST.question + records.reduce((sum, count) => sum + count, 0) * LEAST.record;
  if (least > message.length) throw new RangeError("more records than there is room for");
};

/** Throws RangeError for what is no DNS message. */
export const decodeMessage = (message: Buffer): Received => {
  assertCounts(message);
  let at = HEADER;
  let lastAt = message.length;
  const flags = message.readUInt16BE(2);
  const questions = Array.from({ length: message.readUInt16BE(4) }, (): Question => {
    const { name, end } = readName(message, at);
    at = end + 4;
    return { name, type: message.readUInt16BE(end) };
  });
  const section = (count: number): readonly WireRecord[] =>
    Array.from({ length: count }, () => {
      lastAt = at;
      const { name, end } = readName(message, at);
      const type = message.readUInt16BE(end);
      const from = end + 10;
      at = from + message.readUInt16BE(end + 8);
      if (at > message.length) throw new RangeError("a record that is cut off");
      const data = writtenOut(message, type, from, at);
      return { name, type, class: message.readUInt16BE(end + 2), ttl: message.readUInt32BE(end + 4), data };
    });
  return {
    id: message.readUInt16BE(0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & 0x0400) !== 0,
    rcode: flags & 15,
    question: questions[0],
    answers: section(message.readUInt16BE(6)),
    authority: section(message.readUInt16BE(8)),
    additional: section(message.readUInt16BE(10)),
    lastAt,
  };
};

/**
 * RDATA that can stand in another message: the types that may be compressed there (RFC 3597 4) and that we send back.
 */
const writtenOut = (message: Buffer, type: number, from: number, to: number): Buffer => {
  const names = type === TYPE.SOA ? 2 : type === TYPE.NS || type === TYPE.CNAME ? 1 : 0;
  const parts: Buffer[] = [];
  let at = from;
  for (let left = names; left > 0 && at < to; left--) {
    const { name, end } = readName(message, at);
    parts.push(encodeName(name));
    at = end;
  }
  return Buffer.concat([...parts, message.subarray(at, to)]);
};
