import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  costOf,
  type Ledger,
  type LedgerEntry,
  ledgerObject,
  limitProblem,
  parseLedger,
  refusalIn,
  withEntries,
} from "../../src/certificates/acme/ledger.ts";

const LE = "https://acme-v02.api.letsencrypt.org/directory";
const NAMES = ["*.example.com", "example.com"];
const HOUR = 3_600_000;
const now = new Date("2026-11-25T12:00:00Z");
const ago = (hours: number): Date => new Date(now.getTime() - hours * HOUR);

const issued = (hours: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  kind: "issued",
  directory: LE,
  names: NAMES,
  at: ago(hours),
  order: `order-${hours}`,
  ...more,
});
const failed = (hours: number, name = "example.com"): LedgerEntry => ({
  kind: "failed",
  directory: LE,
  names: [name],
  at: ago(hours),
  order: "order",
});

const problem = (ledger: Ledger, names = NAMES, directory = LE): string | undefined =>
  limitProblem(ledger, directory, names, now)?.remedy.text;

describe("the ledger", () => {
  it("says what one more costs: the exact set of names, this CA, the last seven days", () => {
    const ledger = [
      issued(1),
      issued(30, { names: ["example.com", "*.example.com"] }),
      issued(2, { names: ["example.com"] }),
      issued(3, { isExempt: true }),
      issued(169),
      issued(4, { directory: "https://acme-staging-v02.api.letsencrypt.org/directory" }),
    ];
    expect(costOf(ledger, LE, NAMES, now)).toEqual({ used: 2, limit: 5, text: "costs 1 of 5 this week, 2 used" });
    expect(costOf([], LE, NAMES, now)?.text).toBe("costs 1 of 5 this week");
    expect(costOf(ledger, "https://ca.example/dir", NAMES, now)).toBeUndefined();
  });

  it("refuses the sixth in a row until a fifth of a week has passed since it was full", () => {
    const five = [1, 1, 1, 1, 1].map((hours, index) => issued(hours, { order: `${index}` }));
    expect(problem(five.slice(1))).toBeUndefined();
    expect(problem(five)).toContain("2026-11-26 20:36:00 UTC");
    expect(problem(five.map((entry) => ({ ...entry, at: ago(34) })))).toBeUndefined();
    expect(problem(five, ["other.example.com"])).toBeUndefined();
    expect(problem(five, NAMES, "https://ca.example/dir")).toBeUndefined();
  });

  it("refuses after five failed validations of a name in the last hour", () => {
    const five = [0.05, 0.06, 0.07, 0.08, 0.09].map((hours) => failed(hours));
    expect(problem(five, ["*.example.com"])).toMatch(/after 2026-11-25 12:0\d:\d\d UTC/);
    expect(problem(five, ["*.apps.example.com"])).toBeUndefined();
    expect(problem(five.slice(1), ["*.example.com"])).toBeUndefined();
  });

  it("never refuses longer than the limit's own time, and never with fewer than the limit", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 12 }), (hours) => {
        const ledger = hours.map((each, index) => issued(each, { order: String(index) }));
        const text = problem(ledger);
        if (text === undefined) return;
        expect(hours.filter((each) => each < 168).length).toBeGreaterThanOrEqual(5);
        const [, when] = /after (.{19}) UTC/.exec(text) ?? [];
        const wait = new Date(`${when?.replace(" ", "T")}Z`).getTime() - now.getTime();
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual((168 / 5) * HOUR + 1000);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps what limits look at, and no order twice", () => {
    const kept = withEntries([issued(200), failed(2), issued(1)], [issued(1), failed(0), issued(0)], now);
    expect(kept.map(({ order, kind }) => `${kind} ${order}`)).toEqual([
      "issued order-1",
      "failed order",
      "issued order-0",
    ]);
  });

  it("keeps what the CA has refused until then, or until it has given one all the same", () => {
    const until = new Date(now.getTime() + HOUR);
    const refused: LedgerEntry = { kind: "refused", directory: LE, names: NAMES, at: ago(1), until, order: "" };
    const find = (ledger: Ledger, names: readonly string[] | undefined = NAMES, when = now) =>
      refusalIn(ledger, LE, names, when)?.until;
    expect(find([refused])).toEqual(until);
    expect(refusalIn([refused], LE, undefined, now)?.names).toEqual(NAMES);
    expect(find([refused], ["other.example.com"])).toBeUndefined();
    expect(find([refused], NAMES, until)).toBeUndefined();
    // A clock that was far ahead has written it.
    expect(find([{ ...refused, at: new Date(now.getTime() + HOUR) }])).toBeUndefined();
    // It may be asked all the same.
    expect(problem([refused])).toBeUndefined();
    expect(withEntries([refused], [failed(0)], now).map(({ kind }) => kind)).toEqual(["refused", "failed"]);
    expect(withEntries([refused], [issued(0)], now).map(({ kind }) => kind)).toEqual(["issued"]);
  });

  it("survives being written down, and somebody's editing", () => {
    const refused: LedgerEntry = { ...failed(0), kind: "refused", until: now };
    const ledger = [issued(1, { isExempt: true }), failed(0), refused];
    expect(parseLedger(ledgerObject(ledger))).toEqual(ledger);
    const object = ledgerObject([]);
    expect(parseLedger({ ...object, data: { "ledger.json": "{not json" } })).toEqual([]);
    expect(parseLedger({ ...object, data: { "ledger.json": '[1,{"names":[]},null]' } })).toEqual([]);
    expect(parseLedger(undefined)).toEqual([]);
  });
});
