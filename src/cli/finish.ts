import type { Tools } from "../app/tools.ts";
import type { Report } from "../core/run.ts";
import type { CommandContext } from "./context.ts";
import type { Behind } from "./fatal.ts";
import type { Next } from "./reporter/report.ts";

/** Keeps the error of a run for who comes later. */
type Keep = (error: unknown, tools: Tools, mask: (text: string) => string) => Promise<void>;

/**
 * Ends a run. One that has failed ends with what `doctor` finds behind it, where its error does not say that; `keep` is called with the
 * error while the cluster answers. Resolves to the exit code.
 */
export const finish = async (
  ctx: CommandContext,
  report: Report,
  next: Next,
  tools: Tools,
  keep?: Keep,
): Promise<number> =>
  ctx.finish(report, next, report.outcome === "failed" ? await behindIt(ctx, report.error, tools, keep) : undefined);

const behindIt = async (
  { mask }: CommandContext,
  error: unknown,
  tools: Tools,
  keep?: Keep,
): Promise<Behind | undefined> => {
  const [{ answers, behind }, { CHECKS }] = await Promise.all([
    import("../app/doctor/behind.ts"),
    import("../steps/index.ts"),
  ]);
  if (!(await answers(error, tools))) return undefined;
  const cause = await behind(
    error,
    CHECKS.filter((check) => !check.isForecast),
    tools,
  );
  await keep?.(error, tools, mask);
  if (!cause || !("remedy" in cause.finding)) return undefined;
  const { summary, remedy } = cause.finding;
  return { id: cause.check.id, summary, remedy };
};
