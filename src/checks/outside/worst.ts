import type { Finding } from "../../core/check.ts";

const ORDER = ["fail", "warn", "unknown", "ok", "skipped"] as const;

/** The worst of several findings, the first of its kind. Undefined: there are none. */
export const worst = (findings: readonly Finding[]): Finding | undefined =>
  ORDER.map((status) => findings.find((one) => one.status === status)).find((one) => one !== undefined);
