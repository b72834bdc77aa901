import { it } from "vitest";
import { killEverywhere, PATIENCE } from "./kill-everywhere.ts";
import { kubectlInstall } from "./kubectl-install.ts";

const INSTALL = ["install", "--yes", "--knative-version", "1.23", "--take-ownership"];

it(
  "taking over a Knative of somebody else, killed after each write, ends like one that was left alone",
  { timeout: PATIENCE },
  () =>
    killEverywhere({
      title: "taking over",
      given: kubectlInstall,
      before: [],
      command: INSTALL,
      after: ["plan", "--exit-code", "--knative-version", "1.23", "--take-ownership"],
    }),
);

it("giving it back does so too: nothing of theirs is lost", { timeout: PATIENCE }, () =>
  killEverywhere({
    title: "giving back",
    given: kubectlInstall,
    before: [INSTALL],
    command: ["uninstall", "--yes"],
  }),
);
