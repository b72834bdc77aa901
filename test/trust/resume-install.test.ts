import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

it(
  "a whole install, killed after each write and run again, ends like one that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "the whole install",
      before: [],
      command: ["install", "--yes", "--knative-version", "1.23"],
      after: ["plan", "--exit-code", "--knative-version", "1.23"],
    }),
);
