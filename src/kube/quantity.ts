const THOUSANDS = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const QUANTITY = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/;
/** No real quantity has more characters; a longer one would only cost time. */
const LONGEST = 200;
/** How an amount with a binary suffix is bounded: an int64. */
const MOST = 2n ** 63n - 1n;
const WHERE =
  /\.(limits|requests|hard|capacity|overhead|averageValue|divisor|sizeLimit|storage|storageCapacity)(\.|\[|$)/;

/** The number 1 in the unit of {@link quantity}. */
export const UNIT = 10n ** 9n;

/**
 * A Kubernetes quantity in billionths: exact, and rounded away from zero below them, as the API server keeps it (`100m` →
 * 100000000n). Undefined when it is none. Source: k8s.io/apimachinery/pkg/api/resource.
 */
export const quantity = (value: unknown): bigint | undefined => {
  if (typeof value === "number") return quantity(String(value));
  const match = typeof value === "string" && value.length <= LONGEST ? QUANTITY.exec(value) : null;
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", binary = "", thousands = "", power] = match;
  const exponent = 9 - fraction.length + (power === undefined ? (THOUSANDS.indexOf(thousands) - 3) * 3 : Number(power));
  const amount = BigInt(whole + fraction) * 1024n ** BigInt(BINARY.indexOf(binary));
  const size = exponent < 0 ? dividedUp(amount, 10n ** BigInt(-exponent)) : amount * 10n ** BigInt(exponent);
  const kept = binary !== "" && size > MOST * UNIT ? MOST * UNIT : size;
  return sign === "-" ? -kept : kept;
};

/** A positive number that is divided, the rest rounded up. */
export const dividedUp = (amount: bigint, by: bigint): bigint => (amount + by - 1n) / by;

/** `1000m` and `1` are the same where the API server normalises quantities. */
export const sameQuantity = (a: unknown, b: unknown, path: string): boolean => {
  if (!WHERE.test(path)) return false;
  const x = quantity(a);
  return x !== undefined && x === quantity(b);
};
