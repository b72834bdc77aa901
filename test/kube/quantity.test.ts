import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantity, sameQuantity } from "../../src/kube/quantity.ts";
import { NO_QUANTITIES, QUANTITIES } from "../quantity-facts.ts";

const PATH = '.spec.template.spec.containers[name="a"].resources.limits.cpu';
const RUNS = Number(process.env.KN_TEST_RUNS ?? 300);

/** A second way to the number, by fractions: nothing is rounded before the end, and nothing is taken apart by a pattern. */
interface Fraction {
  readonly above: bigint;
  readonly below: bigint;
}
const power = (base: bigint, exponent: number): Fraction =>
  exponent < 0 ? { above: 1n, below: base ** BigInt(-exponent) } : { above: base ** BigInt(exponent), below: 1n };
const times = (a: Fraction, b: Fraction): Fraction => ({ above: a.above * b.above, below: a.below * b.below });
const FACTORS: Readonly<Record<string, Fraction>> = {
  ...Object.fromEntries(["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].map((one, i) => [one, power(1000n, i - 3)])),
  ...Object.fromEntries(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((one, i) => [one, power(1024n, i + 1)])),
};
const MOST = (2n ** 63n - 1n) * 10n ** 9n;

/** In billionths, rounded away from zero; with a binary suffix at most an int64. */
const billionths = (negative: boolean, { above, below }: Fraction, binary: boolean): bigint => {
  const up = (above * 10n ** 9n + below - 1n) / below;
  const size = binary && up > MOST ? MOST : up;
  return negative ? -size : size;
};

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const anyQuantity = fc
  .record({
    sign: fc.constantFrom("", "+", "-"),
    whole: digits(1, 24),
    fraction: digits(0, 14),
    suffix: fc.oneof(
      fc.constantFrom(...Object.keys(FACTORS)),
      fc.tuple(fc.constantFrom("e", "E", "e+", "E-"), fc.nat(30)).map(([e, n]) => `${e}${n}`),
    ),
  })
  .map(({ sign, whole, fraction, suffix }) => {
    const factor = FACTORS[suffix] ?? power(10n, Number(suffix.slice(1)));
    const number = times({ above: BigInt(whole + fraction), below: 10n ** BigInt(fraction.length) }, factor);
    return {
      text: `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}${suffix}`,
      value: billionths(sign === "-", number, suffix.endsWith("i")),
    };
  });

/** A number of billionths as Kubernetes texts that mean exactly it. */
const spellings = (value: bigint): readonly string[] => {
  const text = (places: number): string => {
    const all = String(value).padStart(places + 1, "0");
    return places === 0 ? all : `${all.slice(0, -places)}.${all.slice(-places)}`;
  };
  return [
    `${value}n`,
    `${text(3)}u`,
    `${text(6)}m`,
    text(9),
    `${text(9)}e0`,
    `${text(12)}k`,
    `${value}e-9`,
    `${text(2)}E-7`,
  ];
};

describe("quantities", () => {
  it.each(QUANTITIES)("reads %s as Kubernetes does", (sent, stored, _, exact) => {
    const [whole = "", fraction = ""] = exact.split(".");
    const value = BigInt(whole + fraction.padEnd(9, "0"));
    expect(quantity(sent)).toBe(value);
    // Of what has no suffix any more, Kubernetes itself writes the wrong number.
    if (sent !== "1000E") expect(quantity(stored)).toBe(value);
  });

  it.each([...NO_QUANTITIES, null, true, {}, Number.NaN, Number.POSITIVE_INFINITY])("%j is none", (sent) => {
    expect(quantity(sent)).toBeUndefined();
    expect(sameQuantity(sent, sent, PATH)).toBe(false);
  });

  it("reads numbers as JSON writes them", () => {
    expect(quantity(0.7)).toBe(quantity("700m"));
    expect(quantity(2)).toBe(quantity("2000m"));
    expect(quantity(1e21)).toBe(quantity("1000E"));
    expect(quantity(1e-7)).toBe(quantity("100n"));
  });

  it("knows the same amount in two notations, where an API server may have changed the notation", () => {
    expect(sameQuantity("0.7", "700m", PATH)).toBe(true);
    expect(sameQuantity("0.29", "290m", PATH)).toBe(true);
    expect(sameQuantity("1.1", "1100m", PATH)).toBe(true);
    expect(sameQuantity("0.7", "701m", PATH)).toBe(false);
    expect(sameQuantity("9007199254740993", "9007199254740992", PATH)).toBe(false);
    expect(sameQuantity("0.7", "700m", ".data.cpu")).toBe(false);
  });

  it("takes no time for a number without end", () => {
    expect(quantity("1e999999999")).toBeUndefined();
    expect(quantity("1".repeat(1_000_000))).toBeUndefined();
  });

  it("agrees with fractions, for any quantity", () => {
    fc.assert(
      fc.property(anyQuantity, ({ text, value }) => {
        expect(quantity(text), text).toBe(value);
      }),
      { numRuns: RUNS },
    );
  });

  it("one amount is the same in every notation, and its neighbour in none", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (value) => {
        const [first = "", ...others] = spellings(value);
        for (const other of others) expect(sameQuantity(first, other, PATH), `${first} and ${other}`).toBe(true);
        for (const other of spellings(value + 1n))
          expect(sameQuantity(first, other, PATH), `${first} and ${other}`).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });
});
