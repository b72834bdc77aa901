import { inFile } from "../../config/options.ts";
import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import { openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const session = await openSession(ctx);
  try {
    if (!isOpen(ctx)) return await installInto(ctx, session);
    return await (await import("../wizard/index.ts")).installByAsking(ctx, session);
  } finally {
    session.close();
  }
};

/** Somebody is there to be asked, and has not said anything yet about what the installation should be. */
const isOpen = ({ terminal, config, written }: CommandContext): boolean =>
  terminal !== undefined &&
  !config.yes &&
  config.output === "text" &&
  inFile.every((option) => option.runOnly || written[option.key as keyof typeof written] === undefined);
