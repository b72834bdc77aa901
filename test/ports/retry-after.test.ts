import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { poll } from "../../src/certificates/acme/poll.ts";
import { explained } from "../../src/certificates/acme/problems.ts";
import { AuthorityError } from "../../src/ports/authority.ts";
import { UserError } from "../../src/ports/error.ts";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "../../src/ports/retry-after.ts";

const NOW = Date.parse("2026-11-20T10:00:00Z");

describe("Retry-After", () => {
  it.each<[string | readonly string[] | null | undefined, number | undefined]>([
    ["3", 3000],
    [" 3 ", 3000],
    ["0", 0],
    ["1.5", 2000],
    ["Fri, 20 Nov 2026 10:00:05 GMT", 5000],
    ["Friday, 20-Nov-26 10:00:05 GMT", 5000],
    ["Fri Nov 20 10:00:05 2026", 5000],
    ["Fri, 20 Nov 2026 09:00:00 GMT", 0],
    ["Fri, 20 Nov 9999 09:00:00 GMT", LONGEST_RETRY_AFTER_MS],
    ["Fri, 99 Nov 2026 09:00:00 GMT", undefined],
    ["2147484", LONGEST_RETRY_AFTER_MS],
    ["9".repeat(400), LONGEST_RETRY_AFTER_MS],
    ["1e9", undefined],
    ["0x10", undefined],
    ["Infinity", undefined],
    ["-5", undefined],
    ["soon", undefined],
    ["soon 1", undefined],
    ["", undefined],
    ["2, 3", 3000],
    ["soon, 3", 3000],
    ["3, Fri, 20 Nov 2026 10:00:05 GMT", 5000],
    [["2", "7"], 7000],
    [[], undefined],
    [null, undefined],
    [undefined, undefined],
  ])("%j is %s ms", (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });

  it("sent more often than a call takes arguments is none the less a number", () => {
    expect(retryAfterMs(new Array<string>(500_000).fill("5"), 0)).toBe(5_000);
  });

  it("is a whole number of milliseconds within its bound, or nothing, whatever comes", () => {
    const part = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date().map((date) => date.toUTCString()),
      fc.constantFrom("GMT", "Fri, ", ",", " ", "-", "e9", "20 Nov 2026"),
    );
    const header = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (text, longest) => {
        const ms = retryAfterMs(text, NOW, longest);
        if (ms !== undefined && !(Number.isInteger(ms) && ms >= 0 && ms <= longest)) throw new Error(`${ms}`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a CA's wish for the time of the next try", () => {
  it("that is no date makes no loop without pauses", async () => {
    const stop = new AbortController();
    const ending = setTimeout(() => stop.abort(new Error("enough")), 1500);
    let reads = 0;
    const read = async () => {
      reads += 1;
      return { retryAfter: new Date(Number.NaN) };
    };
    await expect(poll(read, () => false, { signal: stop.signal, now: () => new Date(NOW) })).rejects.toThrow("enough");
    clearTimeout(ending);
    expect(reads).toBeLessThan(12);
  });

  it("that is no date in the words of the problem is not said", () => {
    const detail = "too many certificates: retry after 2026-99-99 99:99:99 UTC";
    const error = new AuthorityError({ type: "rateLimited", detail }, "order", "POST");
    const said = explained(error, { directory: "https://ca.example/dir", names: ["example.com"] });
    expect(said).toBeInstanceOf(UserError);
    expect((said as UserError).remedy.text).toContain("does not say when");
  });
});
