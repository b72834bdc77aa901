import { expect, it } from "vitest";
import { UserError } from "../../src/ports/error.ts";

it("what a file or a server is called fills no screen of an error, however long it is", () => {
  const name = "x".repeat(100_000);
  const { message, why } = new UserError({
    id: "a.b",
    what: `${name} is odd`,
    why: name,
    remedy: "Mend it.",
    kind: "input",
  });
  for (const text of [message, why ?? ""]) {
    expect(text.length).toBeLessThan(17_000);
    expect(text).toMatch(/x … and 8\d{4} characters more$/);
  }
});
