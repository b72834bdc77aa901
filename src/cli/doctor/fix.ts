import { setTimeout as sleep } from "node:timers/promises";
import { type Forecast, judgeFixes, type Mending, planFixes, runFixes } from "../../app/doctor/fixing/index.ts";
import { type Examination, examine } from "../../app/doctor/index.ts";
import type { Session } from "../../app/session.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import { changesOf } from "../../core/change.ts";
import type { CommandContext } from "../context.ts";
import { couldNotCheck } from "../renewing.ts";
import { count, entry } from "../reporter/look.ts";
import { openLook } from "../session.ts";
import type { Format } from "./formats/format.ts";
import { type Examined, examination, examined } from "./look.ts";

/** What controllers do after the change takes seconds; a Revision that waited for long tries again within a minute. */
const LONGEST_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2_000;

/** Looks, shows what can be mended and what would be left, asks, does it, and looks again. From a recording it shows only. */
export const fix = async (ctx: CommandContext, checks: readonly HealthCheck[], format: Format): Promise<number> => {
  const started = performance.now();
  if (ctx.flags.from !== undefined) {
    const { exitCode } = await show(ctx, format, await examination(ctx, checks), started);
    return exitCode;
  }
  const session = await openLook(ctx).catch((error: unknown) => {
    throw couldNotCheck(error);
  });
  try {
    const { exitCode, mending } = await show(ctx, format, await examine(session.tools, checks), started);
    if (changesOf(mending.plan).length === 0) return exitCode;
    await judgeFixes(mending, session.tools);
    const { context, server } = session.tools.cluster.identity;
    if (!(await ctx.confirm(`Change this in context ${context} (${server})?`))) return exitCode;
    const report = await runFixes(mending, session.tools);
    if (report.outcome !== "done") return ctx.finish(report, []);
    ctx.finish(report, []);
    const again = await lookAgain(ctx, session, checks, mending);
    ctx.stdout(format(again.told));
    return again.exitCode;
  } finally {
    session.close();
  }
};

/** What was found, the plan, and what would be left after it. */
const show = async (
  ctx: CommandContext,
  format: Format,
  found: Examination,
  started: number,
): Promise<{ readonly exitCode: number; readonly mending: Mending }> => {
  const { told, exitCode } = examined(ctx, found, started);
  const mending = await planFixes(found, () => new Date(told.at));
  const isAny = changesOf(mending.plan).length > 0;
  ctx.stdout(format(isAny ? { ...told, forecast: mending.forecast } : told));
  if (isAny) ctx.emit({ type: "plan", plan: mending.plan });
  else if (told.diagnosis.causes.length > 0)
    ctx.emit({ type: "note", level: "info", text: "Nothing of it can be mended safely by itself." });
  if (isAny && ctx.config.output === "text")
    ctx.stdout(`${entry(ctx.look, 0, "", forecastText(mending.forecast)).join("\n")}\n`);
  return { exitCode, mending };
};

/** `Tried on what was read: then 0 problems are left. To be seen afterwards: services.ready.` */
const forecastText = ({ left, later }: Forecast): string => {
  const failed = left.filter(({ finding }) => finding.status === "fail");
  const warned = left.length - failed.length;
  const names = left.length > 0 ? `: ${left.map(({ check }) => check.id).join(", ")}` : "";
  const warnings = warned > 0 ? ` and ${count(warned, "warning")}` : "";
  const are = left.length === 1 ? "is" : "are";
  const afterwards =
    later.length > 0 ? ` To be seen afterwards: ${later.map(({ check }) => check.id).join(", ")}.` : "";
  return `Tried on what was read: then ${count(failed.length, "problem")}${warnings} ${are} left${names}.${afterwards}`;
};

/** Until what was mended holds, and what came of it, or for a minute. */
const lookAgain = async (
  ctx: CommandContext,
  { tools }: Pick<Session, "tools">,
  checks: readonly HealthCheck[],
  { found, forecast }: Mending,
): Promise<Examined> => {
  const awaited = new Set([...found, ...forecast.later].map(({ check }) => check.id));
  const until = performance.now() + Math.min(LONGEST_MS, ctx.config.timeout * 1000);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    const started = performance.now();
    const seen = await examine(tools, checks);
    const isWrong = seen.diagnosis.all.some(
      ({ check, finding: { status } }) => awaited.has(check.id) && (status === "fail" || status === "warn"),
    );
    if (!isWrong || performance.now() + pause > until) return examined(ctx, seen, started);
    await sleep(pause, undefined, { signal: ctx.signal });
  }
};
