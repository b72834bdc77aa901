/** `1.9` < `1.10`, `1.23` = `1.23.0`; a leading `v` and a suffix such as `-gke.100` or `+k3s1` do not count. */
export const compareVersions = (a: string, b: string): number => {
  const parts = (version: string): number[] => (/^v?([0-9.]+)/.exec(version)?.[1] ?? "").split(".").map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** `1.23` of `v1.23.0`; undefined for anything else. */
export const minorOf = (version: string): string | undefined => /^v?([0-9]+\.[0-9]+)(?:\.[0-9]+)?$/.exec(version)?.[1];
