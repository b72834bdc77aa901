const SUFFIXES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The number behind a Kubernetes quantity: `300m` is 0.3, `60Mi` is 62914560. Absent is 0. */
export const quantity = (text: string | number | undefined): number => {
  if (text === undefined) return 0;
  const match = /^([0-9.eE+-]+?)([numkMGT]i?|Ki)?$/.exec(String(text));
  return Number(match?.[1] ?? 0) * (SUFFIXES[match?.[2] ?? ""] ?? 1);
};
