import { gatewayAnswers } from "./answered.ts";
import { gatewayHasEndpoints } from "./endpoints.ts";
import { tlsForEveryName } from "./istio-names.ts";
import { gatewayHasPods } from "./istio-pods.ts";
import { probesArrive } from "./probes.ts";
import { proxyProtocolAgrees } from "./proxy-protocol.ts";
import { redirectLeads } from "./redirect.ts";
import { tlsBeforeGateway } from "./terminated.ts";

/** What lies between a client and the gateway, and between the gateway and who tells it of Routes. They come after the gateway's address. */
export const pathChecks = [
  redirectLeads,
  gatewayHasEndpoints,
  gatewayAnswers,
  tlsBeforeGateway,
  proxyProtocolAgrees,
  tlsForEveryName,
  gatewayHasPods,
  probesArrive,
] as const;
