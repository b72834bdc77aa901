import { readServices, readStatus } from "../../app/status.ts";
import { openedPorts } from "../../ingress/address.ts";
import { STATE } from "../../kube/prior.ts";
import { visibleData } from "../../ports/visible.ts";
import { keptIn, notesOn } from "../../steps/state/chosen.ts";
import type { CommandContext } from "../context.ts";
import { openHello } from "../desktop/index.ts";
import { statusJson, yamlOf } from "../reporter/json.ts";
import { servicesText, statusText } from "../reporter/status.ts";
import { assertRootFile, saveRoot, sayTrust } from "../root-file/index.ts";
import { openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  await assertRootFile(ctx);
  const session = await openSession(ctx);
  try {
    const status = visibleData(await readStatus(session.frozen));
    for (const text of notesOn(keptIn(await session.frozen.cluster.get(STATE))))
      ctx.emit({ type: "note", level: "warning", text });
    const services = ctx.flags.services
      ? ctx.called(visibleData(await readServices(session.frozen, status.address)))
      : undefined;
    const { output } = ctx.config;
    if (output === "json") ctx.stdout(statusJson(status, services));
    else if (output === "yaml") ctx.stdout(yamlOf(statusJson(status, services)));
    else
      ctx.stdout(
        `${statusText(status, ctx.look, (text) => ctx.called({ text }).text)}${services ? `\n${servicesText(services, ctx.look)}` : ""}`,
      );
    const trust = await saveRoot(ctx, session.frozen.cluster);
    if (trust) sayTrust(ctx, trust);
    await openHello(ctx, session.frozen.cluster, async () => openedPorts(status.address, session.frozen.opensAt));
    return status.knative && status.problems.length === 0 && !status.knativeServices?.notReady ? 0 : 1;
  } finally {
    session.close();
  }
};
