import { directory, email, secret, tls } from "./certificate.ts";
import { gateway } from "./gateway.ts";
import { dns, domain } from "./naming.ts";
import { endpoint, logging, metrics } from "./observing.ts";
import type { Question } from "./question.ts";
import { exposure, namespaces } from "./reaching.ts";

/** In the order in which they are asked; of one run at most ten. */
export const questions: readonly Question[] = [
  domain,
  dns,
  tls,
  directory,
  secret,
  gateway,
  exposure,
  namespaces,
  email,
  logging,
  metrics,
  endpoint,
];
