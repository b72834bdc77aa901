import { encode, type Answer as PacketRecord } from "dns-packet";
import { decodeAnswer, encodeQuestion, toAnswer } from "../../src/adapters/resolver/wire.ts";
import {
  CLASS,
  decodeMessage,
  encodeMessage,
  type Message,
  OPCODE,
  TYPE,
  type WireRecord,
} from "../../src/dns/rfc2136/message.ts";
import { BadName, encodeName, readName } from "../../src/dns/rfc2136/names.ts";
import { encodeValue } from "../../src/dns/rfc2136/rdata.ts";
import type { Chance } from "./chance.ts";
import { bytesOf, mutated } from "./mutate.ts";
import { must, same, type Target, unless } from "./target.ts";

const NAMES = [
  "example.com",
  "*.apps.example.com",
  "_acme-challenge.a.example.com",
  "",
  "a\\.b.example",
  "xn--bcher-kva.example",
] as const;
const VALUES = [
  ["A", "192.0.2.1"],
  ["AAAA", "2001:db8::1"],
  ["CNAME", "lb.example.net"],
  ["NS", "ns1.example.net"],
  ["TXT", "heritage=kn-bootstrap"],
  ["CAA", '0 issue "ca.example"'],
] as const;

/** A name by chance: letters, or any bytes at all. */
export const nameOf = (chance: Chance): string => {
  if (chance.below(2) === 0) return chance.pick(NAMES);
  const labels = Array.from({ length: chance.below(5) }, () => Buffer.from([1 + chance.below(10)]));
  const wire = labels.map((length) =>
    Buffer.concat([length, Buffer.from(Array.from({ length: length[0] ?? 0 }, () => chance.below(256)))]),
  );
  return readName(Buffer.concat([...wire, Buffer.alloc(1)]), 0).name;
};

const recordOf = (chance: Chance): WireRecord => {
  const [type, value] = chance.pick(VALUES);
  return {
    name: nameOf(chance),
    type: TYPE[type],
    class: CLASS.IN,
    ttl: chance.below(2 ** 31),
    data: encodeValue(type, value),
  };
};

export const messageOf = (chance: Chance): Message => ({
  id: chance.below(65_536),
  opcode: chance.pick([OPCODE.QUERY, OPCODE.UPDATE]),
  question: { name: nameOf(chance), type: chance.pick(Object.values(TYPE)) },
  answers: Array.from({ length: chance.below(4) }, () => recordOf(chance)),
  authority: Array.from({ length: chance.below(3) }, () => recordOf(chance)),
});

/** As servers write them: with compressed names, EDNS, and types that we never ask for. */
const answerOf = (chance: Chance, id: number): Buffer => {
  const name = "a.example.com";
  const all: readonly PacketRecord[] = [
    { type: "A", name, ttl: 60, data: "192.0.2.1" },
    { type: "AAAA", name, ttl: 60, data: "2001:db8::1" },
    { type: "CNAME", name, ttl: 60, data: "b.example.com" },
    { type: "NS", name: "example.com", ttl: 60, data: "ns1.example.com" },
    { type: "TXT", name, ttl: 60, data: ["one", "two"] },
    { type: "CAA", name, ttl: 60, data: { flags: 0, tag: "issue", value: "ca.example" } },
    { type: "MX", name, ttl: 60, data: { preference: 1, exchange: "mx.example.com" } },
    { type: "SRV", name, ttl: 60, data: { port: 1, target: "x.example.com", priority: 0, weight: 0 } },
    {
      type: "SOA",
      name: "example.com",
      ttl: 60,
      data: {
        mname: "ns1.example.com",
        rname: "a.example.com",
        serial: 1,
        refresh: 1,
        retry: 1,
        expire: 1,
        minimum: 1,
      },
    },
  ];
  return encode({
    type: "response",
    id,
    flags: chance.below(16),
    questions: [{ name, type: "A", class: "IN" }],
    answers: Array.from({ length: chance.below(5) }, () => chance.pick(all)),
    authorities: Array.from({ length: chance.below(3) }, () => chance.pick(all)),
    additionals:
      chance.below(2) === 0
        ? []
        : [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: 1232,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
  });
};

const isBroken = (error: unknown): boolean => error instanceof RangeError || error instanceof BadName;

export const dnsMessages: Target = {
  name: "dns-messages",
  holds: "what is no DNS message is refused as that or left aside; a message comes back as it was sent",
  check: (chance, note) => {
    const message = messageOf(chance);
    const wire = encodeMessage(message);
    note(wire);
    const read = decodeMessage(wire);
    same(
      [read.id, read.opcode, read.question, read.answers, read.authority],
      [message.id, message.opcode, message.question, message.answers, message.authority],
      "a message",
    );

    const id = chance.below(65_536);
    const original = answerOf(chance, id);
    const bytes =
      chance.below(8) === 0 ? bytesOf(chance, 600) : mutated(chance, chance.below(2) === 0 ? wire : original);
    note(bytes);
    const received = unless(isBroken, () => decodeMessage(bytes));
    for (const { name } of [
      ...(received?.answers ?? []),
      ...(received?.authority ?? []),
      ...(received?.additional ?? []),
    ])
      must(encodeName(name).length <= 255, `a name of ${encodeName(name).length} octets`);
    const question = { name: "a.example.com", type: "A", recursion: true } as const;
    const packet = decodeAnswer(bytes, question, bytes.length > 1 ? bytes.readUInt16BE(0) : id);
    if (packet) toAnswer("192.0.2.53", packet);
    must(decodeAnswer(original, question, id) !== undefined, "a whole answer was not taken for one");
    // Whatever a server is called, it can be asked for.
    encodeQuestion({ ...question, name: nameOf(chance) }, id, true);
  },
};
