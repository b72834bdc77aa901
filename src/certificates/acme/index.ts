import { issue } from "./issue.ts";
import type { AcmeIssuer, AcmeIssuerOptions } from "./types.ts";

export { accountRef, accountUrl, keptAccounts, rollAccountKey } from "./account.ts";
export { zoneRecords } from "./challenge-records.ts";
export { orderRef, type PendingOrder, unfinishedIn, unfinishedOrders } from "./journal.ts";
export { type Cost, costOf, LEDGER, type Ledger, parseLedger } from "./ledger.ts";
export { caaForbids, caaRecord } from "./problems.ts";
export { ANNOTATIONS } from "./tls-secret.ts";
export type * from "./types.ts";

/** Certificates from an ACME CA by DNS-01. Nothing is asked before `issue` is called. */
export const createAcmeIssuer = (options: AcmeIssuerOptions): AcmeIssuer => ({
  issue: (change, tools) => issue(change, options, tools),
});
