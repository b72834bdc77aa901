/** resource.Quantity as the API server reads, counts and stores it (k8s.io/apimachinery pkg/api/resource). */

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/;
/** The server would go on calculating. */
const LONGEST = 200;
/** One, in the smallest amount that is kept. */
export const UNIT = 1_000_000_000n;
const MILLI = UNIT / 1000n;
/** Amounts with a binary suffix are capped at an int64. */
const MOST = (2n ** 63n - 1n) * UNIT;

interface Parsed {
  /** In billionths, without its sign. */
  readonly size: bigint;
  readonly minus: boolean;
  readonly notation: "binary" | "decimal" | "exponent";
  /** What was sent, where the server keeps it: its way for short numbers takes them for canonical. */
  readonly asSent?: string;
  /** Decimal places of what was sent. */
  readonly places: number;
}

const dividedUp = (amount: bigint, by: bigint): bigint => (amount + by - 1n) / by;

function parse(value: unknown): Parsed | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value).replace(/^ +| +$/g, "");
  const match = text === "" || text.length > LONGEST ? null : SHAPE.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", suffix = ""] = match;
  const number = whole.replace(/^0+/, "") || "0";
  const digits = number + fraction;
  const binary = Math.max(0, BINARY.indexOf(suffix));
  const decimal = DECIMAL.indexOf(suffix);
  const power = binary > 0 ? 0 : decimal < 0 ? Number(suffix.slice(1)) : (decimal - 3) * 3;
  const exponent = power - fraction.length;
  // The server's way for short numbers: it reads some that have no digit, and keeps the text of some that are not canonical.
  const isShort =
    binary > 0 ? fraction === "" && number.length + 3 * binary <= 14 : digits.length <= 18 && exponent >= -9;
  if (whole + fraction === "" && !isShort) return undefined;
  const kept =
    binary > 0 ? BigInt(number) % 8n !== 0n : exponent % 3 === 0 && !digits.startsWith("0") && !digits.endsWith("000");
  const [above, below] = exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n];
  const size = dividedUp(BigInt(digits) * 1024n ** BigInt(binary) * above * UNIT, below);
  return {
    size: binary > 0 && size > MOST ? MOST : size,
    minus: sign === "-",
    notation: binary > 0 ? "binary" : decimal < 0 ? "exponent" : "decimal",
    places: Math.max(0, -exponent),
    ...(isShort && kept ? { asSent: text } : {}),
  };
}

/** An amount to calculate with. */
export interface Quantity {
  /** Billionths, rounded up, as the server stores them. */
  readonly nano: bigint;
  readonly format: Parsed["notation"];
}

/** Undefined when the text is no quantity. */
export function parseQuantity(value: unknown): Quantity | undefined {
  const found = parse(value);
  return found && { nano: found.minus ? -found.size : found.size, format: found.notation };
}

/** Nothing takes the format of what is added to it. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nano: a.nano + b.nano,
  format: a.nano === 0n ? b.format : a.format,
});

export function printQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return "0";
  const size = nano < 0n ? -nano : nano;
  const text =
    format === "binary" && size % UNIT === 0n && size >= 1024n * UNIT
      ? binaryText(size / UNIT)
      : decimalText(size, format);
  return nano < 0n ? `-${text}` : text;
}

/** Billionths; undefined when the text is no quantity. */
export const quantityOf = (value: unknown): bigint | undefined => parseQuantity(value)?.nano;

/**
 * The text that is stored, e.g. `1000m` → `1`, `1.5Gi` → `1536Mi`; undefined when it is no quantity. `inResources`: in a list of
 * resources, which knows thousandths and no less.
 */
export function canonicalQuantity(value: unknown, { inResources = false } = {}): string | undefined {
  const found = parse(value);
  if (!found) return undefined;
  const { asSent, places, minus, notation } = found;
  if (asSent !== undefined && !(inResources && places > 3)) return asSent;
  const size = inResources ? dividedUp(found.size, MILLI) * MILLI : found.size;
  return printQuantity({ nano: minus ? -size : size, format: notation });
}

function binaryText(size: bigint): string {
  let amount = size;
  let step = 0;
  for (; amount % 1024n === 0n; step++) amount /= 1024n;
  return `${amount}${BINARY[step]}`;
}

function decimalText(size: bigint, notation: Parsed["notation"]): string {
  let amount = size;
  let step = 0;
  for (; amount % 1000n === 0n; step++) amount /= 1000n;
  // Beyond its last suffix the server writes none.
  if (notation !== "exponent") return `${amount}${DECIMAL[step] ?? ""}`;
  return step === 3 ? String(amount) : `${amount}e${(step - 3) * 3}`;
}
