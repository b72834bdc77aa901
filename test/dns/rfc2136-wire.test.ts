import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, TYPE } from "../../src/dns/rfc2136/message.ts";
import { BadName, encodeName, readName } from "../../src/dns/rfc2136/names.ts";
import { decodeValue, encodeValue } from "../../src/dns/rfc2136/rdata.ts";
import { sign, verify } from "../../src/dns/rfc2136/tsig.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const wireName = fc
  .array(label, { maxLength: 5 })
  .map((labels) => Buffer.from([...labels.flatMap((bytes) => [bytes.length, ...bytes]), 0]));

describe("names", () => {
  it("come back as they were, whatever bytes their labels have", () => {
    fc.assert(
      fc.property(wireName, (wire) => {
        const { name, end } = readName(wire, 0);
        expect(end).toBe(wire.length);
        expect(encodeName(name)).toEqual(wire);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["*.apps.example.com", "*.apps.example.com"],
    ["\\042.Apps.example.com.", "*.Apps.example.com"],
    ["a\\.b.example.com", "a\\.b.example.com"],
    ["", ""],
    [".", ""],
  ])("reads %j as %j", (text, name) => {
    expect(readName(encodeName(text), 0).name).toBe(name);
  });

  it.each([
    ["a..b", /empty/],
    [`${"a".repeat(64)}.example`, /63 bytes/],
    [Array(130).fill("a").join("."), /255 bytes/],
    ["bücher.example", /xn--/],
  ])("refuses %j", (text, why) => {
    expect(() => encodeName(text)).toThrow(BadName);
    expect(() => encodeName(text)).toThrow(why);
  });

  it("of more than 255 bytes are not read, written out or by pointers", () => {
    const long = Buffer.concat([
      ...Array(4).fill(Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 97)])),
      Buffer.from([0]),
    ]);
    expect(() => readName(long, 0)).toThrow(/255 bytes/);
    const most = Buffer.concat([long.subarray(0, 192), Buffer.from([61]), Buffer.alloc(61, 97), Buffer.from([0])]);
    expect(readName(most, 0).end).toBe(255);
    const pointed = Buffer.concat([most, Buffer.from([1, 98, 0xc0, 0])]);
    expect(() => readName(pointed, 255)).toThrow(/255 bytes/);
  });

  it("follow pointers backwards only", () => {
    const message = Buffer.from([3, 97, 98, 99, 0, 1, 100, 0xc0, 0, 0xc0, 9]);
    expect(readName(message, 5)).toEqual({ name: "d.abc", end: 9 });
    expect(() => readName(message, 9)).toThrow(RangeError);
  });
});

describe("messages", () => {
  it("that count more records than they have room for are not read", () => {
    for (const offset of [4, 6, 8, 10]) {
      const message = Buffer.alloc(600);
      message.writeUInt16BE(65_535, offset);
      expect(() => decodeMessage(message)).toThrow(/room/);
    }
    expect(() => decodeMessage(Buffer.alloc(11))).toThrow(/cut off/);
  });

  it("end in a RangeError or an answer, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          decodeMessage(Buffer.from(bytes));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("values", () => {
  it.each([
    ["A", "192.0.2.1"],
    ["AAAA", "2001:db8::1"],
    ["AAAA", "::"],
    ["CNAME", "lb.example.net"],
    ["TXT", 'with "quotes", \\ and ü'],
    ["TXT", "x".repeat(600)],
    ["TXT", ""],
    ["CAA", '0 issue "ca.example; accounturi=https://ca.example/1"'],
    ["CAA", '128 iodef "mailto:a\\"b\\\\c@example.com"'],
  ] as const)("%s %j comes back as it was", (type, value) => {
    expect(decodeValue(type, encodeValue(type, value))).toBe(value);
  });

  it.each([
    ["A", "300.0.2.1"],
    ["A", "2001:db8::1"],
    ["AAAA", "192.0.2.1"],
    ["AAAA", "lb.example.net"],
    ["CNAME", "a..b"],
    ["CAA", "issue ca.example"],
  ] as const)("%s %j is refused", (type, value) => {
    expect(() => encodeValue(type, value)).toThrow();
  });
});

describe("signatures", () => {
  const key = { name: "key", algorithm: "hmac-sha256", secret: Buffer.from("secret") };
  const at = Date.UTC(2030, 0, 1);
  const question = { name: "example.com", type: TYPE.SOA };
  const plain = encodeMessage({ id: 7, opcode: 0, question, answers: [], authority: [] });
  const { message, mac } = sign(plain, key, at);
  const judge = (bytes: Buffer, prior: Buffer = mac, by = key): string =>
    verify(bytes, decodeMessage(bytes), by, at, prior).kind;

  it("are no answer to themselves: an answer is signed together with the signature of its request", () => {
    expect(judge(message, mac)).toBe("forged");
  });

  it("are missed", () => {
    expect(judge(plain)).toBe("unsigned");
  });

  it("by another key are forged", () => {
    expect(judge(message, mac, { ...key, name: "other" })).toBe("forged");
  });
});
