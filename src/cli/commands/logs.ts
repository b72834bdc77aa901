import type { CommandContext } from "../context.ts";
import { assertLogsFlags } from "../logs/flags.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  assertLogsFlags(ctx.flags);
  if (ctx.flags.argument === "open") return (await import("../logs/open.ts")).openUi(ctx);
  return (await import("../logs/requests.ts")).showRequests(ctx);
};
