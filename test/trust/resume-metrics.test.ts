import { it } from "vitest";
import { bringStack } from "../metrics/operator.ts";
import { isThorough } from "../thorough.ts";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

const VERSION = ["--knative-version", "1.23"];
const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none"];
const INSTALL = ["install", "--yes", ...VERSION, ...PLAIN];
const METRICS = [...INSTALL, "--metrics", "prometheus"];

it(
  "metrics switched on, killed after each write and run again, end like those that were left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "metrics switched on",
      given: bringStack,
      before: [INSTALL],
      command: METRICS,
      after: ["plan", "--exit-code", ...VERSION],
    }),
);

it.runIf(isThorough)("so they do when they are switched off", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "metrics switched off (every other write)",
    given: bringStack,
    before: [METRICS],
    command: [...INSTALL, "--metrics", "none"],
    after: ["plan", "--exit-code", ...VERSION],
    sample: (n) => n % 2 === 0,
  }),
);
