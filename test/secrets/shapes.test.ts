import { describe, expect, it } from "vitest";
import { redactText } from "../../src/secrets/redact.ts";
import { ORDINARY, SHAPES } from "./shapes.ts";

describe("a secret that nobody knew is hidden by its looks in", () => {
  it.each(SHAPES)("$name", ({ text, secret }) => {
    const shown = redactText(text);
    expect(shown).toContain("[redacted]");
    expect(shown).not.toContain(secret);
  });

  it("each of them in the middle of others", () => {
    const all = redactText(SHAPES.map(({ text }) => text).join("\n"));
    // What was cut off in the middle of a quote takes everything behind it along.
    for (const { secret } of SHAPES) expect(all).not.toContain(secret);
  });
});

it.each(ORDINARY)("this stays as it is: %s", (text) => {
  expect(redactText(text)).toBe(text);
});
