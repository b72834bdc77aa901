import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";
import { kubectlInstall } from "./kubectl-install.ts";

const INSTALL = ["install", "--yes", "--knative-version", "1.23", "--take-ownership"];

it(
  "taking over a Knative of somebody else, killed after every other write, ends like one that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "taking over (odd writes)",
      given: kubectlInstall,
      before: [],
      command: INSTALL,
      after: ["plan", "--exit-code", "--knative-version", "1.23", "--take-ownership"],
      sample: (n) => n % 2 === 1,
    }),
);

it("giving it back does so too: nothing of theirs is lost", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "giving back (odd writes)",
    given: kubectlInstall,
    before: [INSTALL],
    command: ["uninstall", "--yes"],
    sample: (n) => n % 2 === 1,
  }),
);
