import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../../core/event.ts";
import { sh } from "../../ports/shell.ts";
import { spelledLines } from "../../ports/visible.ts";
import { redact, redactText } from "../../secrets/redact.ts";
import { jsonReporter } from "./json.ts";
import { type Mask, maskedIn } from "./masked.ts";

/** Keeps the events of a run, in case it ends in a bug. */
export interface Recording {
  readonly add: (event: Event) => void;
  readonly events: () => readonly Event[];
}

/** A run has fewer; the limit keeps an endless wait from filling the memory. */
const MOST_EVENTS = 2_000;

export const createRecording = (): Recording => {
  const events: Event[] = [];
  return {
    add: (event) => {
      const last = events.at(-1);
      // While a download goes on, only its newest state is kept.
      if (event.type === "download" && last?.type === "download" && last.file === event.file) events.pop();
      events.push(event);
      if (events.length > MOST_EVENTS) events.shift();
    },
    events: () => events,
  };
};

export interface Bug {
  readonly error: unknown;
  readonly argv: readonly string[];
  readonly version: string;
  readonly events: readonly Event[];
  readonly now: Date;
  /** Masks what is known to be secret at the end, which may be more than when an event was told. */
  readonly mask: Mask;
}

/** The stack with its causes. Other properties are left out, because libraries keep whole requests in them. */
const stackOf = (error: unknown, depth = 0): string => {
  if (!(error instanceof Error)) return `Thrown: ${String(error)}`;
  const cause = error.cause === undefined || depth > 4 ? "" : `\nCaused by: ${stackOf(error.cause, depth + 1)}`;
  return (error.stack ?? `${error.name}: ${error.message}`) + cause;
};

/** The text of the bug report. It holds nothing secret. */
export const bugReport = ({ error, argv, version, events, now, mask }: Bug): string => {
  const lines: string[] = [];
  const json = jsonReporter((line) => lines.push(line));
  for (const event of events) json.emit(maskedIn(event, mask));
  const { versions, platform, arch } = process;
  return (
    [
      "A bug in kn-bootstrap. Private keys, tokens, passwords and the data of Secrets have been taken out; read it before you pass it on.",
      "",
      `time          ${now.toISOString()}`,
      `kn-bootstrap  ${version}`,
      `node          ${versions.node} (${platform} ${arch})`,
      `command line  ${redactText(sh`kn-bootstrap ${redact(maskedIn(argv, mask))}`)}`,
      "",
      // It is indented, so that no line of a message looks like one of ours.
      spelledLines(redactText(mask(stackOf(error)))).replace(/^/gm, "  "),
      "",
      events.length === 0 ? "No events." : "Events:",
      "",
    ].join("\n") + lines.join("")
  );
};

/**
 * Writes the report into `$XDG_STATE_HOME/kn-bootstrap` or else the temporary directory, for its owner only. Returns its path, or
 * undefined where nothing can be written: the bug itself is the news then.
 */
export const writeBugReport = (bug: Bug, env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const stamp = bug.now.toISOString().replace(/[-:]|\.\d+/g, "");
  try {
    const state = env.XDG_STATE_HOME;
    const directory = state ? join(state, "kn-bootstrap") : tmpdir();
    if (state) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `kn-bootstrap-bug-${stamp}-${process.pid}.txt`);
    // The flag wx keeps it from writing over a file or through a link that somebody else has put there.
    writeFileSync(path, bugReport(bug), { flag: "wx", mode: 0o600 });
    return path;
  } catch {
    return undefined;
  }
};
