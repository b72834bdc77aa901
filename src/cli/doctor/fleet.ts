import type { HealthCheck } from "../../checks/health-check.ts";
import { UserError } from "../../ports/error.ts";
import type { CommandContext } from "../context.ts";
import { cells, padded } from "../reporter/cells.ts";
import { cut, heading, type Look, legible } from "../reporter/look.ts";
import type { Format } from "./formats/format.ts";
import { UNREACHED } from "./formats/unreached.ts";
import { type Examined, type ExitCode, lookAt } from "./look.ts";

/** Of each cluster its look, or why there is none. */
interface Visit {
  readonly context: string;
  readonly look?: Examined;
  readonly problem?: UserError;
}

/** Which clusters were asked for. Undefined: the one that every command takes. Throws UserError (input) when there are none. */
export const contextsOf = async (ctx: CommandContext): Promise<readonly string[] | undefined> => {
  const { allContexts, contexts } = ctx.flags;
  if (contexts?.length === 0)
    throw new UserError({
      id: "doctor.flags",
      what: "--contexts names no cluster.",
      remedy: "Name contexts of the kubeconfig, separated by commas, or leave it out.",
      kind: "input",
    });
  if (!allContexts) return contexts;
  const all = (await ctx.adapters.listContexts?.(ctx.config.kubeconfig, ctx.env)) ?? [];
  if (all.length > 0) return all;
  throw new UserError({
    id: "doctor.contexts",
    what: "The kubeconfig has no context.",
    remedy: "Name one with --kubeconfig.",
    kind: "input",
  });
};

/** Looks at all of them at once. A table with a line for each, then what there is to say of those that are not well. */
export const visitAll = async (
  ctx: CommandContext,
  checks: readonly HealthCheck[],
  contexts: readonly string[],
  format: Format,
): Promise<ExitCode> => {
  const { kubeconfig } = ctx.config;
  const visits = await Promise.all(
    contexts.map(async (context): Promise<Visit> => {
      try {
        return { context, look: await lookAt(ctx, checks, { ...(kubeconfig ? { kubeconfig } : {}), context }) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { context, problem: error };
      }
    }),
  );
  if (isTable(ctx)) ctx.stdout(table(visits, ctx.look));
  const isOneOfSeveral = visits.length > 1;
  const unreached = UNREACHED[ctx.flags.format ?? (ctx.config.output === "json" ? "json" : "text")];
  for (const { look, problem, context } of visits) {
    if (problem) ctx.emit({ type: "note", level: "warning", text: `${context}: ${problem.message}` });
    if (problem && unreached)
      ctx.stdout(ctx.mask(unreached({ context, problem: problem.message, at: new Date().toISOString() })));
    if (look && (!isTable(ctx) || look.exitCode !== 0))
      ctx.stdout(`${isTable(ctx) ? "\n" : ""}${format({ ...look.told, isOneOfSeveral })}`);
  }
  return worst(visits);
};

/** For people. Programs get a document for each cluster. */
const isTable = ({ flags: { format }, config }: CommandContext): boolean => (format ?? config.output) === "text";

const worst = (visits: readonly Visit[]): ExitCode => {
  const codes = visits.map(({ look }) => look?.exitCode ?? 3);
  return codes.includes(1) ? 1 : codes.includes(3) ? 3 : 0;
};

const verdictOf = ({ look, problem }: Visit): string => {
  if (problem || !look) return "not reached";
  const { causes, unseen } = look.told.diagnosis;
  const failed = causes.filter(({ finding }) => finding.status === "fail").length;
  if (failed > 0) return `${failed} wrong`;
  return unseen.length > 0 ? `${unseen.length} unseen` : causes.length > 0 ? `${causes.length} warned` : "well";
};

const leadOf = ({ look, problem }: Visit): string => {
  if (problem) return problem.message;
  const [first] = look?.told.diagnosis.causes ?? [];
  return first ? `${first.check.id}: ${first.finding.summary}` : "";
};

const table = (visits: readonly Visit[], place: Look): string => {
  const rows = visits.map(
    (visit) => [legible(visit.context, place), verdictOf(visit), legible(leadOf(visit), place)] as const,
  );
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => cells(row[column])));
  const lines = rows.map(([context, verdict, lead]) =>
    cut(`${padded(context, width(0))}  ${padded(verdict, width(1))}  ${lead}`.trimEnd(), place.columns, place),
  );
  return `${[...heading(place, `${visits.length} clusters`), ...lines].join("\n")}\n`;
};
