import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

it(
  "an uninstall, killed after each odd write and run again, leaves what one leaves that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "uninstall (odd writes)",
      before: [["install", "--yes", "--knative-version", "1.23", "--hpa"]],
      command: ["uninstall", "--yes"],
      sample: (n) => n % 2 === 1,
    }),
);
