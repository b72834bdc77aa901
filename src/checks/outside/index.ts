import { zonesDelegated } from "./delegated.ts";
import { oneHorizon } from "./horizon.ts";
import { serversPrompt } from "./prompt.ts";
import { resolverAnswers } from "./resolver.ts";
import { nothingShadows } from "./shadows.ts";
import { zonesSigned } from "./signed.ts";
import { namesLeadHere } from "./target.ts";
import { oneWriter } from "./writers.ts";

/** What the DNS says of the domains of Services, whoever keeps them. */
export const outsideChecks = [
  resolverAnswers,
  serversPrompt,
  zonesDelegated,
  zonesSigned,
  namesLeadHere,
  nothingShadows,
  oneWriter,
  oneHorizon,
] as const;
