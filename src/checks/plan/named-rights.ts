import { ok, skipped } from "../../core/check.ts";
import type { AccessQuestion } from "../../ports/cluster.ts";
import { accountText } from "../account.ts";
import { healthCheck } from "../health-check.ts";
import type { NamedContext } from "./context.ts";

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
    .map(([what, same]) => `${[...new Set(same.map(({ verb }) => verb))].join(", ")} ${what}`)
    .join("; ");

export const namedRights = healthCheck({
  id: "renew.rights",
  title: "The account may do with each object what a renewal takes",
  reads: ["rights"],
  meaning: "The API server would refuse a part of the renewal.",
  todo: "Where the CronJob's account lacks rights, run `kn-bootstrap renew --install-cronjob` again: it writes the Roles anew.",
  run: async ({ cluster, named }: NamedContext) => {
    if (!named) return skipped("no rights are asked for by name");
    const { purpose, questions, remedy, error = "renew.rights" } = named;
    if (await cluster.can({ verb: "*", group: "*", resource: "*" })) return ok("it may do everything");
    const answers = await cluster.canEach(questions);
    const missing = questions.filter((_, index) => !answers[index]);
    if (missing.length === 0) return ok(`it may do all that ${purpose} takes`);
    return {
      status: "fail",
      permanent: true,
      summary: `${accountText(await cluster.account())} lacks rights that ${purpose} needs.`,
      remedy,
      error: { id: error, why: `It may not ${text(missing)}. Nothing was changed.`, kind: "failed" },
    };
  },
});
