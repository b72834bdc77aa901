import type { CommandContext } from "../context.ts";
import { showRequests } from "../logs/requests.ts";

export const run = (ctx: CommandContext): Promise<number> => showRequests(ctx);
