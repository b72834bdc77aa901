import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import { openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    return await installInto(ctx, session);
  } finally {
    session.close();
  }
};
