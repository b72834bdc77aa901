import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "../../core/event.ts";
import { sh } from "../../ports/shell.ts";
import { spelledLines } from "../../ports/visible.ts";
import { redact, redactText } from "../../secrets/redact.ts";
import { jsonReporter } from "./json.ts";
import { type Mask, maskedIn } from "./masked.ts";

/** The events of a run, kept for the case that it ends in a bug. */
export interface Recording {
  readonly add: (event: Event) => void;
  readonly events: () => readonly Event[];
}

/** More than a run has; a wait without end must not fill the memory. */
const MOST_EVENTS = 2_000;

export const createRecording = (): Recording => {
  const events: Event[] = [];
  return {
    add: (event) => {
      const last = events.at(-1);
      // Of a download that goes on only its newest state is of use.
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
  /** By what is known at the end, which may be more than when an event was told. */
  readonly mask: Mask;
}

/** With its causes; without the other properties of errors, among which libraries keep whole requests. */
const stackOf = (error: unknown, depth = 0): string => {
  if (!(error instanceof Error)) return `Thrown: ${String(error)}`;
  const cause = error.cause === undefined || depth > 4 ? "" : `\nCaused by: ${stackOf(error.cause, depth + 1)}`;
  return (error.stack ?? `${error.name}: ${error.message}`) + cause;
};

/** What helps to find the bug, without anything secret. */
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
      // Indented, so that no line of a message is taken for one of ours.
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
    // Never over a file or through a link that somebody else has put there.
    writeFileSync(path, bugReport(bug), { flag: "wx", mode: 0o600 });
    return path;
  } catch {
    return undefined;
  }
};
