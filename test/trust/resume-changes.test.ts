import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

const VERSION = ["--knative-version", "1.23"];
const OTHERWISE = ["--domain", "apps.example.com", "--hpa", "--logging", "request-logs", "--http", "enabled"];
const INSTALL = ["install", "--yes", ...VERSION];
const CHANGE = [...INSTALL, ...OTHERWISE];

it(
  "a second install with changed flags, killed after each write, ends like one that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "an install with changed flags",
      before: [INSTALL],
      command: CHANGE,
      after: ["plan", "--exit-code", ...VERSION],
    }),
);

it("the way back, which also takes objects away, does so too", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "an install with the defaults again (odd writes)",
    before: [CHANGE],
    command: [...INSTALL, "--reset-choices"],
    after: ["plan", "--exit-code", ...VERSION],
    sample: (n) => n % 2 === 1,
  }),
);
