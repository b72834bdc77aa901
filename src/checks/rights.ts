import { ofKind } from "../changes/index.ts";
import { changesOf, type Plan } from "../core/change.ts";
import {
  type AccessQuestion,
  type Account,
  ApiError,
  type ClusterPreview,
  type ClusterRead,
} from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { accountText, subjectFlag, subjectOf } from "./account.ts";
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
} from "./cluster-role.ts";

/**
 * Throws before the first write when the account may not do what `plan` takes (rule 5). `whole` is the same from nothing: what it
 * reads is read in every run, and what it needs is what an administrator is asked for.
 */
export const assertRights = async (
  purpose: Exclude<Purpose, "plan">,
  { plan, whole }: { readonly plan: Plan; readonly whole: Plan },
  cluster: ClusterPreview,
): Promise<void> => {
  if (changesOf(plan).length === 0 || (await mayEverything(cluster))) return;
  const known = await cluster.resources();
  const all = rightsToRun(whole, known);
  const needed = rightsToRun(plan, known);
  const wanted = unique([...all.filter(isRead), ...needed]);
  const missing = await missingOf(wanted, cluster);
  const grants = missing.filter(isGrant);
  const refusals = missing.length === grants.length ? await refusedGrants(plan, grants, cluster) : [];
  if (missing.length > grants.length || (grants.length > 0 && refusals.length > 0)) {
    throw lacking(purpose, missing, unique([...all, ...needed]), await cluster.account());
  }
  const [first] = refusals;
  if (first !== undefined) throw escalation(first, await cluster.account());
};

/** The same for `plan`, which only reads. */
export const assertReadable = async (whole: Plan, cluster: ClusterRead): Promise<void> => {
  const reads = rightsToPlan(whole, await cluster.resources());
  const missing = await missingOf(reads, cluster);
  if (missing.length > 0) throw lacking("plan", missing, reads, await cluster.account());
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
  plan: Plan,
  grants: readonly AccessQuestion[],
  cluster: ClusterPreview,
): Promise<readonly string[]> => {
  const roles = changesOf(plan)
    .filter(ofKind("object"))
    .filter(({ action, object }) => action !== "delete" && /^(Cluster)?Role(Binding)?$/.test(object.kind));
  const answers = await Promise.all(
    roles.map(async ({ object, manager }) => {
      try {
        await cluster.dryRun(object, { manager });
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
): UserError =>
  new UserError({
    id: "cluster.rights",
    what: `${accountText(account)} lacks rights that ${purpose} needs.`,
    why: `It may not ${rightsText(missing)}. Nothing was changed.`,
    remedy: grantRemedy(purpose, all, account),
    kind: "failed",
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

const escalation = (refusal: string, account: Account): UserError =>
  new UserError({
    id: "cluster.escalation",
    what: "The server would not let this account give Knative's controllers what they need.",
    why: `${refusal}. Nothing was changed.`,
    remedy: {
      text: "Ask an administrator to lift what refuses it, or to lend the account everything for the install:",
      command: sh`kubectl create clusterrolebinding kn-bootstrap --clusterrole=cluster-admin ${subjectFlag(account)}`,
    },
    kind: "failed",
  });
