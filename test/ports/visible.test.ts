import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sh } from "../../src/ports/shell.ts";
import { spelled, visible, visibleData } from "../../src/ports/visible.ts";

describe("a text from outside", () => {
  it.each([
    ["a colour", "\u001b[31mred", String.raw`\x1b[31mred`],
    ["a line drawn over", "fine\rError: no", String.raw`fine\x0dError: no`],
    ["bidi", "a\u202eb\u2066c\u2069", String.raw`a\u202eb\u2066c\u2069`],
    ["nothing at all", "a\u200bb\ufeffc\u00add\u3164e\u{e0041}", String.raw`a\u200bb\ufeffc\xadd\u3164e\u{e0041}`],
    ["C1, as 8-bit terminals take it", "\u009b2J", String.raw`\x9b2J`],
    ["half a character", "\ud800x", String.raw`\ud800x`],
    ["other separators of lines", "a\u2028b\u0085c", String.raw`a\u2028b\x85c`],
    ["lines of its own", "denied:\n\n   rm -rf ~\r\n\tError: x\n", "denied: rm -rf ~ Error: x"],
    ["what is plain", "Ünïcode, 日本 → “fine”", "Ünïcode, 日本 → “fine”"],
  ])("shows %s", (_what, text, shown) => expect(visible(text)).toBe(shown));

  it("is one line of characters that can be seen, whatever it was, and stays as it is then", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = visible(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(visible(shown)).toBe(shown);
        expect(spelled(shown)).toBe(shown);
      }),
    );
  });
});

describe("data for reporters", () => {
  it("are visible to the last field and its name; lines that are ours stay", () => {
    const remedy = { text: "a\nb", command: sh`a` };
    expect(visibleData({ a: [{ "k\u001b": "x\u202e" }], remedy, lines: "a\nb\u001b", n: 1, u: undefined })).toEqual({
      a: [{ "k\\x1b": "x\\u202e" }],
      remedy: { text: "a b", command: "a" },
      lines: "a\nb\\x1b",
      n: 1,
      u: undefined,
    });
  });

  it("tell a line end from a space where values differ", () => {
    const difference = { path: ".data.x", from: "a b", to: { y: ["a\nb"] } };
    expect(visibleData(difference)).toEqual({ ...difference, to: { y: ["a\\x0ab"] } });
  });

  it("have no line of theirs in a value that was seen, whatever its fields are called", () => {
    const theirs = { command: ["sh\n  touch hit"], lines: "a\nError: fake", text: "a\tb" };
    const spelled = { command: ["sh\\x0a  touch hit"], lines: "a\\x0aError: fake", text: "a\\x09b" };
    const evidence = [{ field: ".spec", observed: theirs, expected: [theirs] }];
    expect(visibleData({ evidence, from: theirs })).toEqual({
      evidence: [{ field: ".spec", observed: spelled, expected: [spelled] }],
      from: spelled,
    });
  });

  it("leave what is no plain data alone", () => {
    const error = new Error("a\nb");
    expect(visibleData({ error }).error).toBe(error);
  });

  it("are the same object where nothing is to be done", () => {
    const plain = { a: [{ b: "c" }], d: { e: 1 } };
    expect(visibleData(plain)).toBe(plain);
  });
});
