import { planFromNothing } from "../../app/lifecycle.ts";
import { chooseFor, prepareInstall } from "../../app/planning.ts";
import { byKind, subjectOf } from "../../changes/index.ts";
import { hasBlank } from "../../core/blank.ts";
import { changesOf } from "../../core/change.ts";
import { few } from "../../ports/few.ts";
import { describe } from "../../ports/object.ts";
import { visible } from "../../ports/visible.ts";
import { toYaml } from "../../releases/index.ts";
import type { CommandContext } from "../context.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const chosen = await chooseFor(ctx);
  const { versions, minimumKubernetes } = chosen.release;
  const install = await prepareInstall(ctx, chosen);
  const plan = await planFromNothing(install, () => new Date());
  ctx.stdout(
    "# No cluster was asked: what was chosen before does not count here, only options and defaults (kn-bootstrap help config).\n",
  );
  ctx.stdout(`# Knative ${versions.serving} needs Kubernetes ${minimumKubernetes} or newer.\n`);
  for (const change of changesOf(plan)) ctx.stdout(rendered(change));
  return 0;
};

/** What is no object cannot be applied with these, so that it stands there as a comment. */
const rendered = byKind<[], string>(
  {
    object: ({ object, temporary, action, manager }) => {
      const notes = [
        ...(temporary ? ["exists during the install only"] : []),
        ...(hasBlank(object) ? ["holds values that are known after apply; not to be applied as it is"] : []),
        ...(action === "update" ? [`fields added under field manager ${manager}`] : []),
      ];
      return `---\n${notes.map(comment).join("")}${toYaml([object]).replace(/^---\n/, "")}`;
    },
    certificate: ({ secret, names }) =>
      comment(`${describe(secret)}: a certificate for ${few(names)}, made at install`),
    // They stand in the zone, of which `plan` tells.
    records: () => "",
  },
  (change) => comment(`${subjectOf(change)}, at install`),
);

const comment = (text: string): string => `# ${visible(text)}\n`;
