import { accountIn, accountRef } from "../certificates/acme/account.ts";
import { directoryOf } from "../certificates/index.ts";
import { makePlan } from "../changes/plan.ts";
import type { Step } from "../changes/step.ts";
import type { Plan } from "../core/change.ts";
import type { Report } from "../core/run.ts";
import { directSnapshot } from "../kube/snapshot.ts";
import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import type { Installation } from "../steps/installation.ts";
import { judgeKeyRollRights } from "./judging.ts";
import { runAlone } from "./lifecycle.ts";
import type { Tools } from "./tools.ts";

/** Gives this cluster's account at its CA a new key. */
const rollKey = ({ config }: Installation): Step => ({
  id: "account-key",
  title: "Give the account at the CA a new key",
  undo: "Keep the account",
  needs: [],
  plan: async (ctx) => {
    const directory = directoryOf(config);
    if (!directory || !accountIn(await ctx.live.get(accountRef(directory)))) throw noAccount();
    return [{ kind: "account", action: "update", directory, secret: accountRef(directory) }];
  },
  verify: [],
});

const noAccount = (): UserError =>
  new UserError({
    id: "renew.no-account",
    what: "This cluster has no account at an ACME CA.",
    why: "An account comes with the first certificate from one.",
    remedy: { text: "See what is installed:", command: sh`kn-bootstrap status` },
    kind: "input",
  });

/** Reads only. Throws UserError where there is no account (exit code 2), or the right to write it is missing (1). */
export const planKeyRoll = async (install: Installation, tools: Tools): Promise<Plan> => {
  const { cluster, now } = tools;
  const directory = directoryOf(install.config);
  if (directory) await judgeKeyRollRights(directory, tools);
  return makePlan([rollKey(install)], { goal: "present", live: directSnapshot(cluster), now });
};

export const runKeyRoll = (plan: Plan, install: Installation, tools: Tools): Promise<Report> =>
  runAlone(plan, [rollKey(install)], install, tools, { snapshot: directSnapshot });
