import { scripts } from "../completion/scripts.ts";
import type { CommandContext } from "../context.ts";

/** Touches no cluster. */
export const run = async ({ flags, stdout }: CommandContext): Promise<number> => {
  stdout(scripts[flags.argument ?? ""] ?? "");
  return 0;
};
