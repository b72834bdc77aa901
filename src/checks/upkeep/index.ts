import { nodesDrain } from "./drain.ts";
import { objectsGo } from "./going.ts";
import { jobsEnded } from "./jobs.ts";
import { storedVersionsCurrent } from "./stored-versions.ts";
import { nextFits, supported } from "./support.ts";

/** What stands in the way of the next upgrade, of the cluster or of Knative. */
export const upkeepChecks = [nodesDrain, supported, nextFits, storedVersionsCurrent, jobsEnded, objectsGo] as const;
