import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

it(
  "an uninstall, killed after each write and run again, leaves what one leaves that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "uninstall",
      before: [["install", "--yes", "--knative-version", "1.23", "--hpa"]],
      command: ["uninstall", "--yes"],
    }),
);
