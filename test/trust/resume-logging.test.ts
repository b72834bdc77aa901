import { it } from "vitest";
import { isThorough, thoroughly } from "../thorough.ts";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";

const INSTALL = ["install", "--yes", "--domain", "apps.example.com"];
const KINDS = thoroughly(["elasticsearch"], ["elasticsearch", "fluent-bit"]);

it.each(KINDS)(
  "--logging %s, killed after each write and run again, ends like one that was left alone",
  (kind) =>
    killEverywhere({
      title: `an install that begins to collect logs with ${kind} (every 3rd write)`,
      before: [INSTALL],
      command: [...INSTALL, "--logging", kind],
      after: ["plan", "--exit-code"],
      sample: (n) => n % 3 === 0,
    }),
  PATIENCE,
);

it.runIf(isThorough).each(KINDS)(
  "the way back from --logging %s does so too",
  (kind) =>
    killEverywhere({
      title: `an install that collects no logs any more (every 3rd write), before ${kind}`,
      before: [[...INSTALL, "--logging", kind]],
      command: [...INSTALL, "--logging", "none"],
      after: ["plan", "--exit-code"],
      sample: (n) => n % 3 === 0,
    }),
  PATIENCE,
);
