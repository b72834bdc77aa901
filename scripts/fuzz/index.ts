import { dnsMessages } from "./dns-messages.ts";
import { kubeconfigs } from "./kubeconfigs.ts";
import { problems } from "./problems.ts";
import { quantities } from "./quantities.ts";
import { rdata } from "./rdata.ts";
import { retryAfter } from "./retry-after.ts";
import { secrets } from "./secrets.ts";
import type { Target } from "./target.ts";
import { tsig } from "./tsig.ts";
import { x509 } from "./x509.ts";
import { yaml } from "./yaml.ts";

/** A new one is a file and its place here. The slow ones first, so that nobody waits for them at the end. */
export const targets: readonly Target[] = [
  x509,
  yaml,
  secrets,
  kubeconfigs,
  dnsMessages,
  tsig,
  rdata,
  problems,
  quantities,
  retryAfter,
];
