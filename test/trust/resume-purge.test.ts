import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

it("an uninstall that takes the namespace kn-bootstrap too can be killed as well", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "uninstall --purge (every 10th, and the last 6)",
    before: [["install", "--yes", "--knative-version", "1.23", "--hpa"]],
    command: ["uninstall", "--yes", "--purge"],
    sample: (n, writes) => n % 10 === 0 || n > writes - 6,
  }),
);
