import { ofKind } from "../../changes/index.ts";
import { changesOf } from "../../core/change.ts";
import { type Finding, ok } from "../../core/check.ts";
import { type AccessQuestion, type Account, ApiError, type ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import { accountText, subjectFlag, subjectOf } from "../account.ts";
import {
  clusterRoleYaml,
  isGrant,
  isRead,
  type Purpose,
  rightsText,
  rightsToPlan,
  rightsToRun,
  rulesToGrant,
  unique,
} from "../cluster-role.ts";
import { healthCheck } from "../health-check.ts";
import type { PlanContext } from "./context.ts";

const ID = "cluster.rights";

/** The account may do what the plan takes (rule 5); to make a plan, it may read all that a plan reads. */
export const accountRights = healthCheck({
  id: ID,
  title: "The account has the rights that the plan takes",
  reads: ["rights", "trial"],
  meaning: "The API server would refuse a part of the plan in the middle of the run.",
  todo: "Have an administrator create the ClusterRole that the finding prints.",
  run: async (ctx: PlanContext) => {
    const { cluster, plan, whole, purpose } = ctx;
    if (purpose === "plan") return mayPlan(ctx);
    if (changesOf(plan).length === 0 || (await mayEverything(cluster))) return ok(MAY);
    const known = await cluster.resources();
    const all = rightsToRun(whole, known);
    const needed = rightsToRun(plan, known);
    const wanted = unique([...all.filter(isRead), ...needed]);
    const missing = await missingOf(wanted, cluster);
    const grants = missing.filter(isGrant);
    const refusals = missing.length === grants.length ? await refusedGrants(ctx, grants) : [];
    if (missing.length > grants.length || (grants.length > 0 && refusals.length > 0))
      return lacking(purpose, missing, unique([...all, ...needed]), await cluster.account());
    const [first] = refusals;
    return first === undefined ? ok(MAY) : escalation(first, await cluster.account());
  },
});

const MAY = "it may do all that the plan takes";

const mayPlan = async ({ cluster, whole }: PlanContext): Promise<Finding> => {
  const reads = rightsToPlan(whole, await cluster.resources());
  const missing = await missingOf(reads, cluster);
  return missing.length === 0
    ? ok("it may read all that the plan takes")
    : lacking("plan", missing, reads, await cluster.account());
};

/** What a refused read means to uninstall, which must read everything before it can tell what to remove. */
export const unreadable = async (error: unknown, cluster: ClusterRead): Promise<unknown> => {
  if (!(error instanceof ApiError) || error.status !== 403) return error;
  const account = await cluster.account();
  return new UserError({
    id: "cluster.rights",
    what: `${accountText(account)} lacks rights that uninstall needs.`,
    why: `${error.message}. Uninstall looks through every kind, so that nothing of anybody else goes with a namespace. Nothing was changed.`,
    remedy: grantRemedy("uninstall", [], account),
    kind: "failed",
    cause: error,
  });
};

const mayEverything = (cluster: ClusterRead): Promise<boolean> => cluster.can({ verb: "*", group: "*", resource: "*" });

const missingOf = async (
  rights: readonly AccessQuestion[],
  cluster: ClusterRead,
): Promise<readonly AccessQuestion[]> => {
  const answers = await cluster.canEach(rights);
  return rights.filter((_, index) => !answers[index]);
};

/**
 * Escalation prevention as the server enforces it, in its own words: a review may say yes to everything and the apply still be
 * refused, or no to `escalate` while the account has all that it gives away. A dry run that cannot tell, for lack of a namespace
 * or of the bound role, leaves it at what the reviews said.
 */
const refusedGrants = async (
  { plan, dryRun }: PlanContext,
  grants: readonly AccessQuestion[],
): Promise<readonly string[]> => {
  const roles = changesOf(plan)
    .filter(ofKind("object"))
    .filter(({ action, object }) => action !== "delete" && /^(Cluster)?Role(Binding)?$/.test(object.kind));
  const answers = await Promise.all(
    roles.map(async ({ object, manager }) => {
      try {
        await dryRun?.(object, { manager });
        return [];
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const refused = error.status === 403 || (error.status === 404 && grants.length > 0);
        return refused ? [error.message] : [];
      }
    }),
  );
  return answers.flat();
};

const lacking = (
  purpose: Purpose,
  missing: readonly AccessQuestion[],
  all: readonly AccessQuestion[],
  account: Account,
): Finding => ({
  status: "fail",
  permanent: true,
  summary: `${accountText(account)} lacks rights that ${purpose} needs.`,
  remedy: grantRemedy(purpose, all, account),
  error: { id: ID, why: `It may not ${rightsText(missing)}. Nothing was changed.`, kind: "failed" },
});

const grantRemedy = (purpose: Purpose, rights: readonly AccessQuestion[], account: Account) => {
  const subject = subjectOf(account);
  return {
    text: subject
      ? "Ask an administrator to create this ClusterRole, and its binding to the account:"
      : "Ask an administrator to create this ClusterRole and to bind it to the account, by the name that the server has for it:",
    command: clusterRoleYaml(purpose, rulesToGrant(purpose, rights), subject),
  };
};

const escalation = (refusal: string, account: Account): Finding => ({
  status: "fail",
  permanent: true,
  summary: "The server would not let this account give Knative's controllers what they need.",
  remedy: {
    text: "Ask an administrator to lift what refuses it, or to lend the account everything for the install:",
    command: sh`kubectl create clusterrolebinding kn-bootstrap --clusterrole=cluster-admin ${subjectFlag(account)}`,
  },
  error: { id: "cluster.escalation", why: `${refusal}. Nothing was changed.`, kind: "failed" },
});
