import type { Check } from "../../core/check.ts";
import type { HealthCheck } from "../health-check.ts";
import { noConflicts } from "./conflicts.ts";
import type { PlanContext } from "./context.ts";
import { namedRights } from "./named-rights.ts";
import { caaPermitsOrder, caTakesOrder } from "./order.ts";
import { recordsWritable } from "./records.ts";
import { accountRights } from "./rights.ts";

/** What is judged of a plan before the first write, what others need before them. */
export const PLAN_CHECKS: readonly HealthCheck<Check["id"], PlanContext>[] = [
  noConflicts,
  accountRights,
  namedRights,
  caTakesOrder,
  recordsWritable,
  caaPermitsOrder,
];
