import { hasBlank } from "../../core/blank.ts";
import { changesOf } from "../../core/change.ts";
import { few } from "../../ports/few.ts";
import { visible } from "../../ports/visible.ts";
import { toYaml } from "../../releases/index.ts";
import { planFromNothing } from "../../steps/lifecycle.ts";
import type { CommandContext } from "../context.ts";
import { chooseFor, prepareInstall } from "../installing.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const chosen = await chooseFor(ctx);
  const { versions, minimumKubernetes } = chosen.release;
  const install = await prepareInstall(ctx, chosen);
  const plan = await planFromNothing(install, () => new Date());
  ctx.stdout(
    "# No cluster was asked: what was chosen before does not count here, only options and defaults (kn-bootstrap help config).\n",
  );
  ctx.stdout(`# Knative ${versions.serving} needs Kubernetes ${minimumKubernetes} or newer.\n`);
  for (const change of changesOf(plan)) {
    if (change.kind === "certificate") {
      ctx.stdout(
        `# ${change.secret.kind} ${change.secret.namespace}/${change.secret.name}: a certificate for ${few(change.names)}, made at install\n`,
      );
      continue;
    }
    if (change.kind !== "object") continue;
    const notes = [
      ...(change.temporary ? ["exists during the install only"] : []),
      ...(hasBlank(change.object) ? ["holds values that are known after apply; not to be applied as it is"] : []),
      ...(change.action === "update" ? [`fields added under field manager ${change.manager}`] : []),
    ];
    ctx.stdout(
      `---\n${notes.map((note) => `# ${visible(note)}\n`).join("")}${toYaml([change.object]).replace(/^---\n/, "")}`,
    );
  }
  return 0;
};
