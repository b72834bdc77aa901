import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the screen held from that moment on; `at`: seconds since the start. Lines with their SGR sequences (ECMA-48). */
export interface Frame {
  readonly at: number;
  readonly lines: readonly string[];
}

export const hasTmux = (path = process.env.PATH ?? ""): boolean =>
  path.split(delimiter).some((folder) => existsSync(join(folder, "tmux")));

export interface Shot {
  /** For a POSIX shell. */
  readonly script: string;
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds between two looks. */
  readonly every: number;
  /** Whether the script has come to its end. */
  readonly isOver: () => boolean;
  /** Seconds. */
  readonly longest: number;
}

/** Runs a script in a terminal of its own and looks at the screen until it is over; only screens that differ are kept. */
export const film = async ({ script, columns, rows, env, every, isOver, longest }: Shot): Promise<readonly Frame[]> => {
  const socket = `kn-bootstrap-recording-${crypto.randomUUID().slice(0, 8)}`;
  const { TMUX: _outer, ...rest } = env;
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run("tmux", ["-u", "-L", socket, "-f", "/dev/null", ...args], { env: rest as NodeJS.ProcessEnv })).stdout;
  const frames: Frame[] = [];
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux("new-session", "-d", ...size, script, ";", "set-option", "-g", "status", "off");
  try {
    const began = performance.now();
    for (let last = "", over = false; !over; ) {
      over = isOver();
      const at = (performance.now() - began) / 1000;
      if (at > longest) throw new Error(`the recording is not over after ${longest} seconds`);
      const screen = await tmux("capture-pane", "-e", "-p");
      if (screen !== last) frames.push({ at, lines: screen.split("\n").slice(0, rows) });
      last = screen;
      if (!over) await sleep(every * 1000);
    }
  } finally {
    await tmux("kill-server");
  }
  return frames;
};
