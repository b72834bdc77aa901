import type { HealthCheck } from "../health-check.ts";
import { canaryAddress } from "./address.ts";
import type { CanaryContext } from "./context.ts";
import { canaryGateway } from "./gateway.ts";
import { canaryName } from "./name.ts";
import { canaryReady } from "./ready.ts";
import { canaryService } from "./service.ts";

/** The way to a Service, hop by hop: the first that does not hold is the cause. They count where one is made, and nowhere else. */
export const CANARY_CHECKS = [
  canaryReady,
  canaryGateway,
  canaryService,
  canaryAddress,
  canaryName,
] as const satisfies readonly HealthCheck<`canary.${string}`, CanaryContext>[];

/** Whether a check is of the canary, and needs one. */
export const isOfCanary = ({ id }: Pick<HealthCheck, "id">): boolean => CANARY_CHECKS.some((check) => check.id === id);
