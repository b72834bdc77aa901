import { contourDelegation, contourServices } from "./contour.ts";
import { gatewaysProgrammed } from "./gateway-api.ts";

/** About ingresses that others install. */
export const seenChecks = [contourServices, contourDelegation, gatewaysProgrammed] as const;
