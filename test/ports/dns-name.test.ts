import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeName, readName } from "../../src/dns/rfc2136/names.ts";
import { characterString, escapedName, isPlainName, unescapedName } from "../../src/ports/dns-name.ts";

describe("a name of the DNS", () => {
  it.each([
    ["*._acme-challenge.Example.com", "*._acme-challenge.Example.com"],
    ["$(id>x).evil.com", String.raw`\036\040id\062x\041.evil.com`],
    ["a b\n", String.raw`a\032b\010`],
    ["é.com", String.raw`\195\169.com`],
    [String.raw`a\b`, String.raw`a\092b`],
    ["0/25.2.0.192.in-addr.arpa", String.raw`0\04725.2.0.192.in-addr.arpa`],
  ])("%j is shown in letters, digits and escapes (RFC 1035)", (name, shown) => {
    expect(escapedName(name)).toBe(shown);
    expect(unescapedName(shown)).toBe(name);
    expect(isPlainName(shown)).toBe(shown === name);
  });

  it("is the same again when it is asked for", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        const shown = escapedName(name);
        expect(shown).toMatch(/^[\w.*\\-]*$/);
        expect(unescapedName(shown)).toBe(name);
      }),
    );
  });

  it("is read from any octets so, and written back as the same octets", () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const wire = Buffer.from([...labels.flatMap((one) => [one.length, ...one]), 0]);
        const { name } = readName(wire, 0);
        expect(name).toMatch(/^(?:[\w.*-]|\\\d{3}|\\\.)+$/);
        expect(encodeName(name)).toEqual(wire);
      }),
    );
  });

  it("is put into no command where it would be an option", () => {
    expect(["-f", "", "a b", "$x", "a\\036"].filter(isPlainName)).toEqual([]);
  });
});

it("a character string of a record is in quotes, and does nothing in those of a shell", () => {
  expect(characterString('a "$(id)" `id` \\ ; é')).toBe(String.raw`"a \034\036(id)\034 \096id\096 \092 ; \195\169"`);
});
