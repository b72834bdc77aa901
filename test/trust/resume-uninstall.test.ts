import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

const INSTALL = ["install", "--yes", "--knative-version", "1.23", "--hpa"];

it(
  "an uninstall, killed after each write and run again, leaves what one leaves that was left alone",
  { timeout: PATIENCE },
  () => killEverywhere({ title: "uninstall", before: [INSTALL], command: ["uninstall", "--yes"] }),
);

it("so does one that takes the namespace kn-bootstrap too", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "uninstall --purge (every 5th, and the last 6)",
    before: [INSTALL],
    command: ["uninstall", "--yes", "--purge"],
    sample: (n, writes) => n % 5 === 0 || n > writes - 6,
  }),
);
