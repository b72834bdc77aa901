import { assertUnderstood } from "../app/choosing.ts";
import { judgeInstall } from "../app/judging.ts";
import { planFromNothing, runInstall, verifyInstall } from "../app/lifecycle.ts";
import { planFor } from "../app/planning.ts";
import type { Session } from "../app/session.ts";
import { keepStopped } from "../app/stopping.ts";
import type { Tools } from "../app/tools.ts";
import { changesOf } from "../core/change.ts";
import { findAddress, openedPorts } from "../ingress/address.ts";
import { UserError } from "../ports/error.ts";
import { readerOf } from "../ports/reader.ts";
import type { Installation } from "../steps/installation.ts";
import { findUrls } from "../steps/proof/urls.ts";
import type { CommandContext } from "./context.ts";
import { openHello } from "./desktop/index.ts";
import { finish } from "./finish.ts";
import { nextSteps } from "./next.ts";
import { assertRootFile, saveRoot, sayTrust } from "./root-file/index.ts";
import { agree } from "./session.ts";

/** Plan, show, confirm, apply, verify, report. */
export const installInto = async (ctx: CommandContext, session: Session, next = nextSteps): Promise<number> => {
  await assertRootFile(ctx);
  const { install, plan, tools, lost, refusal } = await planFor(ctx, session, "install");
  if (refusal) {
    ctx.emit({ type: "plan", plan });
    throw refusal;
  }
  if (changesOf(plan).length === 0) {
    ctx.emit({ type: "plan", plan });
    await ctx.page?.witness(tools);
    const code = await verifyOnly(install, session.frozen);
    await sayUrls(ctx, install, session.frozen);
    const trust = await saveRoot(ctx, tools.cluster);
    if (trust) sayTrust(ctx, trust);
    await openHello(ctx, tools.cluster, () => addressIn(install, tools));
    return code;
  }
  if (lost.length > 0) {
    ctx.emit({ type: "plan", plan });
    assertUnderstood(lost);
  }
  await judgeInstall(plan, await planFromNothing(install, tools.now), install, tools);
  const { context, server } = tools.cluster.identity;
  if (!(await agree(ctx, plan, `Apply this to context ${context} (${server})?`))) {
    ctx.stderr("Nothing was changed.\n");
    return 0;
  }
  const report = await runInstall(plan, install, tools);
  await ctx.page?.witness(tools);
  if (report.outcome !== "done") return finish(ctx, report, [], tools, keepStopped);
  let unsaved: unknown;
  const trust = await saveRoot(ctx, tools.cluster).catch((error: unknown) => {
    unsaved = error;
    return undefined;
  });
  const code = await finish(ctx, report, await next(install, tools, trust), tools);
  // What is done is told first.
  if (unsaved) throw unsaved;
  await openHello(ctx, tools.cluster, () => addressIn(install, tools));
  return code;
};

const sayUrls = async (ctx: CommandContext, install: Installation, tools: Tools): Promise<void> => {
  const url = (await findUrls(install, tools))?.({ name: "<service>", namespace: "<namespace>" });
  if (url !== undefined) ctx.emit({ type: "note", level: "info", text: `Services answer at ${url}` });
};

const addressIn = async ({ config, ingress }: Installation, { cluster, opensAt }: Tools) =>
  openedPorts(await findAddress(readerOf(cluster), config, ingress), opensAt);

/** Nothing to change is not yet healthy: what should run must run. */
const verifyOnly = async (install: Installation, tools: Tools): Promise<number> => {
  const problems = await verifyInstall(install, tools);
  const [first] = problems;
  if (!first) return 0;
  throw new UserError({
    id: first.check.id,
    what: `Nothing is left to change, and still not everything works: ${problems.map(({ summary }) => summary).join("; ")}.`,
    remedy: first.remedy,
    kind: "failed",
    seen: { evidence: problems.flatMap(({ evidence = [] }) => evidence) },
  });
};
