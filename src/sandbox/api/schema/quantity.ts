/** The canonical text of a resource.Quantity (k8s.io/apimachinery pkg/api/resource), e.g. `1000m` → `1`, `1.5Gi` → `1536Mi`. */

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const NANO = 1_000_000_000n;

/** Undefined when the text is no quantity. */
export function canonicalQuantity(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = SHAPE.exec(String(value));
  if (!match || (match[2] === "" && !match[3])) return undefined;
  const [, sign, whole = "", fraction = "", suffix = ""] = match;
  // In billionths, rounded up, as the server stores them.
  let scaled = BigInt(whole + fraction || "0") * NANO;
  let divisor = 10n ** BigInt(fraction.length);
  const binary = BINARY.indexOf(suffix);
  const decimal = DECIMAL.indexOf(suffix);
  let exponent = 0;
  if (suffix !== "" && binary > 0) scaled *= 1024n ** BigInt(binary);
  else if (decimal >= 0) exponent = (decimal - 3) * 3;
  else exponent = Number(suffix.slice(1));
  if (exponent >= 0) scaled *= 10n ** BigInt(exponent);
  else divisor *= 10n ** BigInt(-exponent);
  const nano = (scaled + divisor - 1n) / divisor;
  if (nano === 0n) return "0";
  const minus = sign === "-" ? "-" : "";
  if (suffix !== "" && binary > 0 && nano % NANO === 0n && nano / NANO >= 1024n) {
    let amount = nano / NANO;
    let step = 0;
    while (step < BINARY.length - 1 && amount % 1024n === 0n) {
      amount /= 1024n;
      step++;
    }
    return `${minus}${amount}${BINARY[step]}`;
  }
  let amount = nano;
  let step = 0;
  while (step < DECIMAL.length - 1 && amount % 1000n === 0n) {
    amount /= 1000n;
    step++;
  }
  const unit = /^[eE]/.test(suffix) ? (step === 3 ? "" : `e${(step - 3) * 3}`) : DECIMAL[step];
  return `${minus}${amount}${unit}`;
}
