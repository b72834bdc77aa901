import { isIPv6 } from "node:net";
import {
  CHECKING_DISABLED,
  type DecodedPacket,
  decode,
  encode,
  type Answer as PacketRecord,
  RECURSION_DESIRED,
} from "dns-packet";
import type { Answer, QuestionType, ResourceRecord } from "../../ports/dns.ts";
import { escapedName, unescapedName } from "../../ports/dns-name.ts";

export interface Question {
  readonly name: string;
  readonly type: QuestionType;
  readonly recursion: boolean;
  /** What does not verify is answered all the same. Default false. */
  readonly unchecked?: boolean;
}

/** What fits through nearly every path without fragments (DNS flag day 2020). */
const UDP_PAYLOAD = 1232;

/** RFC 6895 section 2.3, by number. */
const RCODES: readonly string[] = [
  ...["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET"],
  ...["NOTAUTH", "NOTZONE"],
];

/** `id` is 0 to 65535. `edns` false: for servers that cannot read it (RFC 6891 section 6.2.2). */
export const encodeQuestion = ({ name, type, recursion, unchecked }: Question, id: number, edns: boolean): Buffer =>
  encode({
    type: "query",
    id,
    flags: (recursion ? RECURSION_DESIRED : 0) | (unchecked ? CHECKING_DISABLED : 0),
    questions: [{ name: name === "" ? "." : unescapedName(name), type, class: "IN" }],
    additionals: edns
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: UDP_PAYLOAD,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });

/** As the rest of the program has names: lower case, no dot at the end, nothing in them that could be taken for something else. */
const shownName = (name: string): string => escapedName(name.toLowerCase().replace(/\.$/, ""));

/**
 * Undefined: this is no answer to that question, but noise or a forgery (RFC 5452 section 9.1); go on listening. A server that could not
 * read the question may leave it out.
 */
export const decodeAnswer = (message: Buffer, { name, type }: Question, id: number): DecodedPacket | undefined => {
  let packet: DecodedPacket;
  try {
    packet = decode(message);
  } catch {
    return undefined;
  }
  if (packet.id !== id || !packet.flag_qr) return undefined;
  const [echo, ...more] = packet.questions ?? [];
  if (!echo) return rcodeOf(packet) === "NOERROR" ? undefined : packet;
  const same =
    shownName(echo.name) === name.toLowerCase().replace(/\.$/, "") &&
    echo.type === type &&
    echo.class === "IN" &&
    more.length === 0;
  return same ? packet : undefined;
};

export const rcodeOf = (packet: DecodedPacket): string => {
  const extended = (packet.additionals ?? []).find((record) => record.type === "OPT")?.extendedRcode ?? 0;
  const number = ((packet.flags ?? 0) & 0xf) | (extended << 4);
  return RCODES[number] ?? (number === 16 ? "BADVERS" : `RCODE${number}`);
};

export const toAnswer = (server: string, packet: DecodedPacket): Answer => ({
  server,
  rcode: rcodeOf(packet),
  authoritative: packet.flag_aa,
  answers: recordsOf(packet.answers),
  authority: recordsOf(packet.authorities),
  additional: recordsOf(packet.additionals),
});

const recordsOf = (records: readonly PacketRecord[] = []): readonly ResourceRecord[] =>
  records.flatMap((record) =>
    record.type === "OPT"
      ? []
      : [{ name: shownName(record.name), type: record.type, ttl: record.ttl ?? 0, value: textOf(record) }],
  );

const textOf = (record: Exclude<PacketRecord, { type: "OPT" }>): string => {
  switch (record.type) {
    case "A":
      return record.data;
    case "AAAA":
      return canonicalV6(record.data);
    case "CNAME":
    case "DNAME":
    case "NS":
    case "PTR":
      return shownName(record.data);
    case "TXT":
      return [record.data]
        .flat()
        .map((part) => part.toString())
        .join("");
    case "CAA":
      return `${record.data.flags ?? 0} ${record.data.tag} "${record.data.value}"`;
    case "SOA": {
      const { mname, rname, serial, refresh, retry, expire, minimum } = record.data;
      return [shownName(mname), shownName(rname), serial, refresh, retry, expire, minimum].join(" ");
    }
    case "DS": {
      const { keyTag, algorithm, digestType, digest } = record.data;
      return `${keyTag} ${algorithm} ${digestType} ${digest.toString("hex")}`;
    }
    case "DNSKEY": {
      const { flags, algorithm, key } = record.data;
      return `${flags} 3 ${algorithm} ${key.toString("base64")}`;
    }
    default:
      // RFC 3597 section 5.
      return Buffer.isBuffer(record.data) ? `\\# ${record.data.length} ${record.data.toString("hex")}` : "";
  }
};

/** RFC 5952. */
const canonicalV6 = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
