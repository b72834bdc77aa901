import { quantity } from "../../src/kube/quantity.ts";
import { mutatedText, textOf } from "./mutate.ts";
import { must, same, type Target } from "./target.ts";

const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"] as const;
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;
const DIGITS = [..."0123456789"] as const;
const INT64 = 2n ** 63n - 1n;

/**
 * Billionths of `whole.fraction` × 10^ten × 2^two, away from zero: by writing out the digits and moving the point, which has nothing to do with how the code
 * under test does it. Source: k8s.io/apimachinery/pkg/api/resource.
 */
const oracle = (whole: string, fraction: string, ten: number, two: number): bigint => {
  const digits = BigInt(whole + fraction) * 2n ** BigInt(two);
  const point = ten + 9 - fraction.length;
  const text = point >= 0 ? `${digits}${"0".repeat(point)}` : String(digits).padStart(1 - point, "0");
  if (point >= 0) return BigInt(text);
  const rest = text.slice(point);
  return BigInt(text.slice(0, point)) + (/[1-9]/.test(rest) ? 1n : 0n);
};

export const quantities: Target = {
  name: "quantities",
  holds: "a quantity is exactly what it says, rounded up below a billionth; what is none is none",
  check: (chance, note) => {
    const whole = textOf(chance, 20, DIGITS) || chance.pick(DIGITS);
    const fraction = textOf(chance, 12, DIGITS);
    const sign = chance.pick(["", "+", "-"]);
    const kind = chance.below(3);
    const [suffix, ten, two] =
      kind === 0
        ? decimal(chance.below(DECIMAL.length))
        : kind === 1
          ? binary(chance.below(BINARY.length))
          : ([`${chance.pick(["e", "E"])}${chance.below(40) - 20}`, undefined, 0] as const);
    const written = `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}${suffix}`;
    note(written);
    const exact = oracle(whole, fraction, ten ?? Number(suffix.slice(1)), two);
    const size = two > 0 && exact > INT64 * 10n ** 9n ? INT64 * 10n ** 9n : exact;
    same(String(quantity(written)), String(sign === "-" ? -size : size), written);

    const broken = mutatedText(chance, written, ["i", "e", "E", ".", "m", "Ki", "-", " ", "9".repeat(60)]);
    note(broken);
    const found = quantity(broken);
    must(found === undefined || String(found).length < 1500, "more digits than anybody has resources");
    // What Go's parser takes: nothing else may be a quantity.
    const isOne = /^[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(broken);
    must(found === undefined || isOne, `${broken} was taken for a quantity`);
  },
};

const decimal = (index: number) => [DECIMAL[index] ?? "", (index - 3) * 3, 0] as const;
const binary = (index: number) => [BINARY[index] ?? "", 0, (index + 1) * 10] as const;
