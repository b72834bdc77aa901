import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

const ISTIO = ["--ingress", "istio", "--domain", "apps.example.com"];

it(
  "an install with Istio, killed after each write and run again, ends like one that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "an install with Istio (every 4th write)",
      before: [],
      command: ["install", "--yes", ...ISTIO],
      after: ["plan", "--exit-code", ...ISTIO],
      sample: (n) => n % 4 === 0,
    }),
);

it("an uninstall of Istio does so too", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "an uninstall with Istio (every 4th write)",
    before: [["install", "--yes", ...ISTIO]],
    command: ["uninstall", "--yes", "--purge"],
    sample: (n) => n % 4 === 0,
  }),
);
