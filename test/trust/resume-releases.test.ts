import { describe, it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";
import { hasUpstream, UPSTREAM } from "./upstream.ts";

const VERSION = ["--knative-version", "1.23", "--manifests", UPSTREAM];
const INSTALL = ["install", "--yes", ...VERSION];
const scene = { standIns: false };

/** The same as with the stand-ins, for a sample: what differs is which objects there are, not the engine. */
describe.runIf(hasUpstream)("with the released manifests", () => {
  it("an install that was killed goes on", { timeout: PATIENCE }, () =>
    killEverywhere({
      title: "the released 1.23, install (every 12th)",
      before: [],
      command: INSTALL,
      after: ["plan", "--exit-code", ...VERSION],
      scene,
      sample: (n) => n % 12 === 0,
    }),
  );

  it("an uninstall that was killed goes on", { timeout: PATIENCE }, () =>
    killEverywhere({
      title: "the released 1.23, uninstall (every 16th)",
      before: [INSTALL],
      command: ["uninstall", "--yes"],
      scene,
      sample: (n) => n % 16 === 0,
    }),
  );
});
