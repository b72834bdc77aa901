import { setTimeout } from "node:timers/promises";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { CommandContext } from "../context.ts";
import { thisMachine } from "../holder.ts";
import { type Kept, keptRehearsals, runs } from "./kept.ts";

/** Every one. */
const ALL = "all";

/**
 * Ends kept rehearsals, as Ctrl-C would: the one of this name, or all. Only a process that began when the record says is told to,
 * because its id may be another's by now. Throws UserError where there is none of this name, and where one does not end.
 */
export const stop = async ({ emit, signal }: Pick<CommandContext, "emit" | "signal">, which: string): Promise<void> => {
  const kept = keptRehearsals();
  const chosen = kept.filter(({ name }) => which === ALL || name === which);
  if (chosen.length === 0 && which !== ALL) throw unknown(which, kept);
  for (const one of chosen) {
    await end(one, signal);
    emit({ type: "note", level: "info", text: `${one.name} has ended.` });
  }
  if (chosen.length === 0) emit({ type: "note", level: "info", text: "No rehearsal is kept." });
  // What a process left that could not clean up.
  keptRehearsals();
};

const LONGEST_MS = 20_000;

const end = async (kept: Kept, signal: AbortSignal): Promise<void> => {
  const { pid, began } = kept.process;
  if (began === undefined) throw stays(kept, "when its process began cannot be told on this system");
  const machine = thisMachine();
  const until = Date.now() + LONGEST_MS;
  process.kill(pid, "SIGTERM");
  while (runs(kept, machine)) {
    if (Date.now() > until) throw stays(kept, "its process was told to and runs on");
    await setTimeout(50, undefined, { signal });
  }
};

const stays = ({ name, process: { pid } }: Kept, why: string): UserError =>
  new UserError({
    id: "rehearse.stop",
    what: `${name} has not ended: ${why}.`,
    remedy: { text: "Press Ctrl-C where it runs, or end its process:", command: sh`kill ${String(pid)}` },
    kind: "failed",
  });

const unknown = (name: string, kept: readonly Kept[]): UserError =>
  new UserError({
    id: "rehearse.unknown",
    what: `No rehearsal ${JSON.stringify(name)} is kept.`,
    remedy: {
      text: kept.length === 0 ? "There is none. To keep one:" : `There are ${kept.map((one) => one.name).join(", ")}:`,
      command: kept[0] ? sh`kn-bootstrap rehearse --stop=${kept[0].name}` : sh`kn-bootstrap rehearse --keep`,
    },
    kind: "input",
  });
