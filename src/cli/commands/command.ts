import type { CommandName, Option } from "../../config/options.ts";
import type { Raw } from "../../config/values.ts";
import type { CommandContext } from "../context.ts";

/** What somebody wrote, by option, as it was written. */
export type RawOptions = Readonly<Partial<Record<Option["key"], Raw>>>;

/** A command of the program. Its options are those of the table that name it. */
export interface Command {
  readonly name: CommandName;
  /** For the list in help. */
  readonly summary: string;
  /** Required positional argument. */
  readonly argument?: { readonly value: string; readonly choices: readonly string[] };
  /** Options that go without saying; whoever says otherwise is believed. */
  readonly implied?: RawOptions;
  /** What was chosen before at the cluster counts, so that not all can be judged before that is known. */
  readonly remembers?: true;
  /** Its result can be had with `-o yaml`. */
  readonly inYaml?: true;
  /** Resolves to the exit code; the command's own file is not loaded before. */
  readonly run: (ctx: CommandContext) => Promise<number>;
}
