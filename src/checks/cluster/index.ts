import { clocksAgree } from "./clock.ts";
import { operatorObeyed } from "./operator.ts";
import { admissionAnswered } from "./orphans.ts";
import { apisAvailable, nothingStuck } from "./terminating.ts";

/** What is wrong with a cluster before anything of Knative is. */
export const clusterChecks = [clocksAgree, apisAvailable, admissionAnswered, nothingStuck, operatorObeyed] as const;
