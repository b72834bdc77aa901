/** Messages record by record, for what the wire library cannot read: the sections of RFC 2136 and the place of a TSIG. */

import { decode } from "dns-packet";
import { nameOf } from "../names.ts";
import { TYPES, textOf } from "../values.ts";

export interface RawRecord {
  /** Absolute, lower case. */
  readonly name: string;
  /** As numbers: 255 stands for any type. */
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Where it starts, where its data starts and where it ends. */
  readonly start: number;
  readonly dataStart: number;
  readonly end: number;
}

export interface RawMessage {
  readonly bytes: Buffer;
  readonly id: number;
  readonly question: readonly { readonly name: string; readonly type: number; readonly class: number }[];
  /** Prerequisites. */
  readonly answers: readonly RawRecord[];
  /** Updates. */
  readonly authority: readonly RawRecord[];
  readonly additional: readonly RawRecord[];
}

/** Throws RangeError when it is cut off or its names do not end. */
export const readMessage = (bytes: Buffer): RawMessage => {
  let at = 12;
  const records = (count: number): readonly RawRecord[] =>
    Array.from({ length: count }, () => {
      const start = at;
      const { name, end } = readName(bytes, at);
      const dataStart = end + 10;
      at = dataStart + bytes.readUInt16BE(end + 8);
      if (at > bytes.length) throw new RangeError("record cut off");
      return {
        name,
        type: bytes.readUInt16BE(end),
        class: bytes.readUInt16BE(end + 2),
        ttl: bytes.readUInt32BE(end + 4),
        start,
        dataStart,
        end: at,
      };
    });
  const question = Array.from({ length: bytes.readUInt16BE(4) }, () => {
    const { name, end } = readName(bytes, at);
    at = end + 4;
    return { name, type: bytes.readUInt16BE(end), class: bytes.readUInt16BE(end + 2) };
  });
  return {
    bytes,
    id: bytes.readUInt16BE(0),
    question,
    answers: records(bytes.readUInt16BE(6)),
    authority: records(bytes.readUInt16BE(8)),
    additional: records(bytes.readUInt16BE(10)),
  };
};

/** A name of any compression; `end` is where it ends in place. */
export const readName = (bytes: Buffer, start: number): { readonly name: string; readonly end: number } => {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let floor = start;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length === 0) break;
    if (length >= 0xc0) {
      end ??= at + 2;
      at = bytes.readUInt16BE(at) & 0x3fff;
      if (at >= floor) throw new RangeError("name points forward");
      floor = at;
    } else {
      if (length > 63 || at + 1 + length > bytes.length) throw new RangeError("label cut off");
      labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return { name: nameOf(labels.join(".")), end: end ?? at + 1 };
};

/** Type numbers to what they are called here; undefined for what no zone here can hold. */
export const typeName = (type: number): string | undefined => TYPE_NAMES[type];

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  39: "DNAME",
  257: "CAA",
};

/**
 * The data of a record as text. Undefined when its type cannot be held here or the data does not fit.
 *
 * The record is appended to its message behind a header of its own, so that the library reads it as class IN and still
 * finds what its names point at.
 */
export const recordValue = ({ bytes }: RawMessage, record: RawRecord): string | undefined => {
  const type = typeName(record.type);
  if (type === undefined || !TYPES.includes(type)) return undefined;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x8000, 2);
  header.writeUInt16BE(1, 6);
  const copy = Buffer.from(bytes.subarray(record.start, record.end));
  copy.writeUInt16BE(1, record.dataStart - 8 - record.start);
  try {
    const [answer] = decode(Buffer.concat([bytes, header, copy]), bytes.length).answers ?? [];
    return answer === undefined || !("data" in answer) ? undefined : textOf(type, answer.data);
  } catch {
    return undefined;
  }
};
