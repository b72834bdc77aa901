import type { Remedy } from "./error.ts";
import { commandOf, type Fix } from "./fix.ts";
import { joined } from "./shell.ts";

/** A remedy that `doctor --fix` can apply: its command is made from the same data. */
export const mend = (text: string, ...fixes: readonly Fix[]): Remedy => ({
  text,
  command: joined("\n", fixes.map(commandOf)),
  fixes,
});
