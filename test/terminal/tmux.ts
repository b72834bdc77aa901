import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { COMPILED } from "../compiled.ts";
import { patient } from "../patience.ts";

const run = promisify(execFile);

/** Why there is no terminal to be had here; undefined: there is one. */
export const noTerminal: string | undefined =
  spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not on PATH";

/** What a program has left behind. */
export interface Ended {
  readonly code: number;
  /** The terminal edits lines and shows what is typed. */
  readonly isSane: boolean;
  readonly hasCursor: boolean;
}

export interface Terminal extends AsyncDisposable {
  /** What is to be seen. */
  readonly screen: () => Promise<string>;
  /** That and everything that has scrolled away; with `raw`, with the colours. */
  readonly history: (raw?: boolean) => Promise<string>;
  /** Waits until it is on the screen, or anywhere in the history; rejects with that text after 30 seconds. */
  readonly until: (pattern: RegExp, where?: "screen" | "history") => Promise<string>;
  /** Resolves when programs can see the new size. */
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** Names as tmux has them: `Enter`, `C-c`, `Down`; other texts are typed. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Waits for the end of the command. */
  readonly ended: () => Promise<Ended>;
}

export interface TerminalOptions {
  /** Default 80. */
  readonly columns?: number;
  /** Default 50. */
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program's start takes longer than this; asking more often only takes its processor time away. */
const LOOK_MS = 80;
const PATIENCE_MS = patient(30_000);

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A real terminal of its own that runs a command, or a line for the shell, in the repository. */
export const openTerminal = async (
  command: string | readonly string[],
  { columns = 80, rows = 50, env = {} }: TerminalOptions = {},
): Promise<Terminal> => {
  const socket = `kn-bootstrap-${randomBytes(6).toString("hex")}`;
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const clean = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", TMPDIR: process.env.TMPDIR ?? "/tmp" };
    return (await run("tmux", ["-L", socket, "-u", ...args], { env: { ...clean, LANG: "C.UTF-8" } })).stdout;
  };
  const own = Object.entries({ LANG: "C.UTF-8", ...COMPILED, ...env }).map(([name, value]) =>
    quoted(`${name}=${value}`),
  );
  const unset = ["LC_ALL", "LC_CTYPE", "CI", "COLUMNS", "NO_COLOR"].map((name) => `-u ${name}`).join(" ");
  const line = typeof command === "string" ? `sh -c ${quoted(command)}` : command.map(quoted).join(" ");
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux(
    ...["-f", "/dev/null", "new-session", "-d", ...size, "-c", resolve(import.meta.dirname, "../..")],
    // What comes after the command shows where the cursor was left.
    `trap : INT; env ${unset} ${own.join(" ")} ${line}; echo "[exit $?]"; exec sleep 1000`,
  );
  const display = async (format: string): Promise<string> => (await tmux("display-message", "-p", format)).trim();
  const stty = async (...args: readonly string[]): Promise<string> =>
    (await run("stty", ["-F", await display("#{pane_tty}"), ...args])).stdout.trim();
  const look = {
    screen: () => tmux("capture-pane", "-p"),
    history: () => tmux("capture-pane", "-p", "-S", "-"),
  };
  const until: Terminal["until"] = async (pattern, where = "screen") => {
    const late = performance.now() + PATIENCE_MS;
    for (;;) {
      const text = await look[where]();
      if (pattern.test(text)) return text;
      if (performance.now() > late) throw new Error(`${pattern} does not come:\n${text}`);
      await sleep(LOOK_MS);
    }
  };
  return {
    screen: look.screen,
    history: (raw = false) => (raw ? tmux("capture-pane", "-p", "-S", "-", "-e") : look.history()),
    until,
    resize: async (width, height) => {
      await tmux("resize-window", "-x", String(width), "-y", String(height));
      const late = performance.now() + 10_000;
      while ((await stty("size")) !== `${height} ${width}`) {
        if (performance.now() > late) throw new Error(`the terminal does not become ${width} columns wide`);
        await sleep(20);
      }
    },
    press: async (...keys) => {
      // One after the other, as somebody types them.
      for (const key of keys) await tmux("send-keys", key);
    },
    ended: async () => {
      const code = Number(/\[exit (\d+)\]/.exec(await until(/\[exit \d+\]/, "history"))?.[1]);
      const settings = (await stty("-a")).split(/[\s;]+/);
      return {
        code,
        isSane: !["-icanon", "-echo"].some((setting) => settings.includes(setting)),
        hasCursor: (await display("#{cursor_flag}")) === "1",
      };
    },
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server").catch(() => {});
    },
  };
};
