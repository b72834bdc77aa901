const SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const WHERE =
  /\.(limits|requests|hard|capacity|overhead|averageValue|divisor|sizeLimit|storage|storageCapacity)(\.|\[|$)/;

/** The number behind a Kubernetes quantity (`100m` → 0.1, `1Gi` → 1073741824); undefined when it is none. */
export const quantity = (value: unknown): number | undefined => {
  if (typeof value === "number") return value;
  const match = typeof value === "string" ? QUANTITY.exec(value) : null;
  return match ? Number(match[1]) * (SUFFIX[match[2] ?? ""] ?? Number.NaN) : undefined;
};

/** `1000m` and `1` are the same where the API server normalises quantities. */
export const sameQuantity = (a: unknown, b: unknown, path: string): boolean => {
  if (!WHERE.test(path)) return false;
  const x = quantity(a);
  return x !== undefined && x === quantity(b);
};
