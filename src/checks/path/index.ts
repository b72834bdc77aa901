import { gatewayAnswers } from "./answered.ts";
import { proxyProtocolAgrees } from "./proxy-protocol.ts";
import { redirectLeads } from "./redirect.ts";
import { tlsBeforeGateway } from "./terminated.ts";

/** What lies between a client and the gateway. They come after the gateway's address. */
export const pathChecks = [redirectLeads, gatewayAnswers, tlsBeforeGateway, proxyProtocolAgrees] as const;
