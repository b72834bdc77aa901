import type { Checked } from "../../src/core/check.ts";

/** What a step's check came to when all was well. */
export const found = (summary: string, more: Partial<Checked> = {}): Checked =>
  ({ id: "a.b", title: "All is well", status: "ok", summary, ...more }) as Checked;
