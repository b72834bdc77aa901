import type { DnsProvider } from "../provider.ts";

/**
 * A person writes the records. A change is done when the zone's own servers show it; until then it says what to publish, and without
 * anybody at the terminal it ends with exit code 3, to go on with the same records in the next run (rule 21).
 */
export const manual: DnsProvider<"manual"> = {
  id: "manual",
  title: "by hand",
  credentials: "none: the records are printed for you to publish",
  byHand: true,
  open: async (options) => (await import("./open.ts")).openManual(options),
};
