import { accountText } from "../checks/account.ts";
import { HOME } from "../kube/inventory.ts";
import { type AccessQuestion, ApiError, type ClusterRead } from "../ports/cluster.ts";
import { type Remedy, UserError } from "../ports/error.ts";
import type { ObjectRef } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { renewalRights } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { questionsFor, type Right } from "../steps/rights.ts";
import { locking } from "../steps/state/rights.ts";

const placeOf = ({ namespace, name }: AccessQuestion): string =>
  `${name ? ` ${name}` : ""}${namespace ? ` in ${namespace}` : ""}`;

/** `get, patch configmaps state in kn-bootstrap` */
const text = (missing: readonly AccessQuestion[]): string =>
  [
    ...Map.groupBy(
      missing,
      (question) => `${question.resource}${question.group ? `.${question.group}` : ""}${placeOf(question)}`,
    ),
  ]
    .map(([what, same]) => `${same.map(({ verb }) => verb).join(", ")} ${what}`)
    .join("; ");

type Asking = Pick<ClusterRead, "can" | "canEach" | "account">;

/** Throws (exit code 1) where the account lacks one of these rights: each missing one by its name. */
const assertEach = async (
  rights: readonly Right[],
  purpose: string,
  cluster: Asking,
  remedy: Remedy,
): Promise<void> => {
  if (await cluster.can({ verb: "*", group: "*", resource: "*" })) return;
  const questions = questionsFor(rights);
  const answers = await cluster.canEach(questions);
  const missing = questions.filter((_, index) => !answers[index]);
  if (missing.length === 0) return;
  throw new UserError({
    id: "renew.rights",
    what: `${accountText(await cluster.account())} lacks rights that ${purpose} needs.`,
    why: `It may not ${text(missing)}. Nothing was changed.`,
    remedy,
    kind: "failed",
  });
};

/** Before the first write: whether the account may do all that a renewal takes. */
export const assertRenewalRights = (install: Installation, cluster: Asking): Promise<void> =>
  assertEach(renewalRights(install), "renew", cluster, {
    text: "Where the CronJob's account lacks them, an administrator runs this again; it writes the Roles anew:",
    command: sh`kn-bootstrap renew --install-cronjob --image IMAGE`,
  });

/** Before the first write: whether it may give the account at a CA, kept in this Secret, a new key. */
export const assertKeyRollRights = (
  { namespace = HOME, name }: Pick<ObjectRef, "namespace" | "name">,
  cluster: Asking,
): Promise<void> =>
  assertEach(
    [{ namespace, group: "", resource: "secrets", names: [name], verbs: ["get", "patch"] }, ...locking()],
    "renew --roll-account-key",
    cluster,
    { text: "Have somebody run it who has them:", command: sh`kn-bootstrap renew --roll-account-key` },
  );

/** A refused read is answered with all that the account lacks, instead of with the first of many refusals. */
export const withRenewalRights = async <T>(
  install: Installation,
  cluster: ClusterRead,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) await assertRenewalRights(install, cluster);
    throw error;
  }
};
