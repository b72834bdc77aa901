import { challengeReachable } from "../../checks/challenge.ts";
import { renewalRuns } from "../../checks/jobs/renewal.ts";
import { renewalChecks } from "../../checks/renewal.ts";
import { part as partOf } from "../part.ts";
import { next } from "./next.ts";
import { options } from "./options.ts";
import { status } from "./status.ts";
import { cronRemoval } from "./step.ts";

/** The CronJob comes with `renew --install-cronjob`; an uninstall takes it away before everything. */
export const part = partOf({
  id: "renewal",
  options,
  next,
  status,
  checks: [renewalRuns, challengeReachable, ...renewalChecks],
  removal: () => [cronRemoval("admission", "given-back")],
});
