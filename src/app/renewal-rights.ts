import { accountText } from "../checks/account.ts";
import type { AccessQuestion, ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { renewalRights } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { questionsFor } from "../steps/rights.ts";

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

/** Throws before the first write when the account may not do all that a renewal takes (exit code 1): each missing right by its name. */
export const assertRenewalRights = async (
  install: Installation,
  cluster: Pick<ClusterRead, "can" | "canEach" | "account">,
): Promise<void> => {
  if (await cluster.can({ verb: "*", group: "*", resource: "*" })) return;
  const questions = questionsFor(renewalRights(install));
  const answers = await cluster.canEach(questions);
  const missing = questions.filter((_, index) => !answers[index]);
  if (missing.length === 0) return;
  throw new UserError({
    id: "renew.rights",
    what: `${accountText(await cluster.account())} lacks rights that renew needs.`,
    why: `It may not ${text(missing)}. Nothing was changed.`,
    remedy: {
      text: "Where the CronJob's account lacks them, an administrator runs this again; it writes the Roles anew:",
      command: sh`kn-bootstrap renew --install-cronjob --image IMAGE`,
    },
    kind: "failed",
  });
};
