import { issue } from "./issue.ts";
import type { AcmeIssuer, AcmeIssuerOptions } from "./types.ts";

export { accountUrl, rollAccountKey } from "./account.ts";
export { zoneRecords } from "./challenge-records.ts";
export { caaForbids, caaRecord } from "./problems.ts";
export type * from "./types.ts";

/** Certificates from an ACME CA by DNS-01. Nothing is asked before `issue` is called. */
export const createAcmeIssuer = (options: AcmeIssuerOptions): AcmeIssuer => ({
  issue: (change, tools) => issue(change, options, tools),
});
