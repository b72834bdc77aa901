import { describe, expect, it } from "vitest";
import { blank, fills, hasBlank } from "../../src/core/blank.ts";

const address = blank("the address of Kourier");

describe("blanks", () => {
  it("are found anywhere, keys included", () => {
    expect(hasBlank({ data: { [`${address}.sslip.io`]: "" } })).toBe(true);
    expect(hasBlank({ items: [{ url: `https://${address}` }] })).toBe(true);
    expect(hasBlank({ data: { a: "b" } })).toBe(false);
  });

  it.each([
    [{ data: { [`${address}.sslip.io`]: "" } }, { data: { "203.0.113.7.sslip.io": "" } }, true],
    [{ data: { [`${address}.sslip.io`]: "" } }, { data: { "evil.example.com": "" } }, false],
    [{ data: { [`${address}.sslip.io`]: "", a: "1" } }, { data: { "1.2.3.4.sslip.io": "", a: "2" } }, false],
    [{ data: { [`${address}.sslip.io`]: "" } }, { data: { "1.2.3.4.sslip.io": "", more: "" } }, false],
    [[`*.${address}`], ["*.apps"], true],
    [[`*.${address}`], ["*.apps", "*.more"], false],
    [{ replicas: 1 }, { replicas: 2 }, false],
  ])("fills(%j, %j) is %s", (agreed, actual, expected) => {
    expect(fills(agreed, actual)).toBe(expected);
  });
});
