import { certificates } from "./certificates.ts";
import { cluster } from "./cluster.ts";
import { dns } from "./dns.ts";
import { logs } from "./logs.ts";
import { metrics } from "./metrics.ts";
import { program } from "./program.ts";
import { releases } from "./releases.ts";
import type { Errors } from "./row.ts";

/** Every id that an error of the program can have, by area; docs/errors.md is made from it. */
export const ERRORS: Readonly<Record<string, Errors>> = {
  "The program and its options": program,
  "The cluster": cluster,
  "Logs of Services": logs,
  "Releases and images": releases,
  DNS: dns,
  Certificates: certificates,
  Metrics: metrics,
};
