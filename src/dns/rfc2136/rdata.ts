import { isIP } from "node:net";
import packet, { type Answer } from "dns-packet";
import type { RecordType } from "../../ports/dns.ts";
import { TYPE } from "./message.ts";
import { encodeName, readName } from "./names.ts";

/** The types that {@link RecordType} names. */
export const TYPES: readonly RecordType[] = ["A", "AAAA", "CAA", "CNAME", "NS", "SOA", "TXT"];

export const typeOf = (code: number): RecordType | undefined => TYPES.find((type) => TYPE[type] === code);

/** A character-string holds no more (RFC 1035 3.3). */
const MOST_STRING = 255;
/** Header, the root as owner, type, class, TTL, RDLENGTH. */
const BEFORE_DATA = 12 + 1 + 10;

/** A message with one AAAA, up to its address. */
const ONE_AAAA = Buffer.from("00008000000000010000000000001c0001000000000010", "hex");

const strings = (text: string): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / MOST_STRING) }, (_, index) =>
    bytes.subarray(index * MOST_STRING, (index + 1) * MOST_STRING),
  );
  return parts.length > 0 ? parts : [Buffer.alloc(0)];
};

const caa = (value: string): { readonly flags: number; readonly tag: string; readonly value: string } | undefined => {
  const [, flags, tag, quoted] = /^(\d{1,3}) ([a-z0-9]+) "(.*)"$/is.exec(value) ?? [];
  if (flags === undefined || tag === undefined || quoted === undefined) return undefined;
  return { flags: Number(flags), tag, value: quoted.replace(/\\(.)/gs, "$1") };
};

const viaPacket = (answer: unknown): Buffer =>
  packet.encode({ type: "response", answers: [answer as Answer] }).subarray(BEFORE_DATA);

/**
 * RDATA of a value as people write it; a TXT is cut into character-strings of 255 bytes. Throws for what is no such
 * value.
 */
export const encodeValue = (type: RecordType, value: string): Buffer => {
  switch (type) {
    case "CNAME":
    case "NS":
      return encodeName(value);
    case "TXT":
      return Buffer.concat(strings(value).flatMap((part) => [Buffer.from([part.length]), part]));
    case "CAA": {
      const data = caa(value);
      if (!data) throw new Error(`${value} is no CAA such as 0 issue "ca.example"`);
      return viaPacket({ name: ".", type, data: { ...data, tag: data.tag as "issue" } });
    }
    case "SOA":
      throw new Error("a SOA is the server's own");
    default:
      if (isIP(value) !== (type === "A" ? 4 : 6))
        throw new Error(`${value} is no address for a record of type ${type}`);
      return viaPacket({ name: ".", type, data: value });
  }
};

const soa = (data: Buffer): string => {
  const primary = readName(data, 0);
  const mail = readName(data, primary.end);
  const numbers = [0, 4, 8, 12, 16].map((offset) => data.readUInt32BE(mail.end + offset));
  return [primary.name, mail.name, ...numbers].join(" ").toLowerCase();
};

const txt = (data: Buffer): string => {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length; at += 1 + data.readUInt8(at))
    parts.push(data.subarray(at + 1, at + 1 + data.readUInt8(at)));
  return Buffer.concat(parts).toString("utf8");
};

/**
 * The value as people write it: host names in lower case without the trailing dot, a TXT joined. Throws RangeError for
 * a broken one.
 */
export const decodeValue = (type: RecordType, data: Buffer): string => {
  switch (type) {
    case "CNAME":
    case "NS":
      return readName(data, 0).name.toLowerCase();
    case "SOA":
      return soa(data);
    case "TXT":
      return txt(data);
    case "CAA": {
      const tagEnd = 2 + data.readUInt8(1);
      const value = data.subarray(tagEnd).toString("utf8").replace(/["\\]/g, "\\$&");
      return `${data.readUInt8(0)} ${data.subarray(2, tagEnd).toString("latin1").toLowerCase()} "${value}"`;
    }
    case "A":
      return data.join(".");
    case "AAAA": {
      const [answer] = packet.decode(Buffer.concat([ONE_AAAA, data])).answers ?? [];
      return answer?.type === "AAAA" ? answer.data : "";
    }
  }
};
