import type { Tools } from "../app/tools.ts";
import type { Report } from "../core/run.ts";
import type { CommandContext } from "./context.ts";
import type { Behind } from "./fatal.ts";
import type { Next } from "./reporter/report.ts";

/** Ends a run. One that has failed ends with what `doctor` finds behind it, where its error does not say that. Resolves to the exit code. */
export const finish = async (ctx: CommandContext, report: Report, next: Next, tools: Tools): Promise<number> =>
  ctx.finish(report, next, report.outcome === "failed" ? await behindIt(report.error, tools) : undefined);

const behindIt = async (error: unknown, tools: Tools): Promise<Behind | undefined> => {
  const [{ behind }, { CHECKS }] = await Promise.all([import("../app/doctor/behind.ts"), import("../steps/index.ts")]);
  const cause = await behind(
    error,
    CHECKS.filter((check) => !check.isForecast),
    tools,
  );
  if (!cause || !("remedy" in cause.finding)) return undefined;
  const { summary, remedy } = cause.finding;
  return { id: cause.check.id, summary, remedy };
};
