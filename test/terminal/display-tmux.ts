import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why there is no terminal to be had here; undefined: there is one. */
export const noTerminal: string | undefined =
  spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not on PATH";

export interface Terminal extends AsyncDisposable {
  /** What is to be seen. */
  readonly screen: () => Promise<string>;
  /** That and everything that has scrolled away; with `raw`, with the colours. */
  readonly history: (raw?: boolean) => Promise<string>;
  /** Waits until the screen shows it; rejects with the screen after 30 seconds. */
  readonly until: (pattern: RegExp) => Promise<string>;
  /** Resolves when programs can see the new size. */
  readonly resize: (columns: number, rows: number) => Promise<void>;
  readonly press: (...keys: readonly string[]) => Promise<void>;
  readonly cursorIsVisible: () => Promise<boolean>;
  /** Waits for the end of the command. */
  readonly exitCode: () => Promise<number>;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A real terminal of its own that runs a shell command in the repository. */
export const openTerminal = async (
  command: string,
  { columns, rows, env = {} }: TerminalOptions,
): Promise<Terminal> => {
  const socket = `kn-bootstrap-${randomBytes(6).toString("hex")}`;
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const clean = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", TMPDIR: process.env.TMPDIR ?? "/tmp" };
    return (await run("tmux", ["-L", socket, "-u", ...args], { env: { ...clean, LANG: "C.UTF-8" } })).stdout;
  };
  const own = Object.entries({ LANG: "C.UTF-8", NO_COLOR: "1", ...env }).map(([name, value]) => `${name}='${value}'`);
  const unset = ["LC_ALL", "LC_CTYPE", "CI", "COLUMNS"].map((name) => `-u ${name}`).join(" ");
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux(
    ...["-f", "/dev/null", "new-session", "-d", ...size, "-c", resolve(import.meta.dirname, "../..")],
    // What comes after the command shows where the cursor was left.
    `trap : INT; PATH='${resolve(process.execPath, "..")}':"$PATH"; env ${unset} ${own.join(" ")} sh -c '${command}'; echo "[exit $?]"; exec sleep 1000`,
  );
  const screen = (): Promise<string> => tmux("capture-pane", "-p");
  const until = async (pattern: RegExp): Promise<string> => {
    const late = performance.now() + 30_000;
    for (;;) {
      const text = await screen();
      if (pattern.test(text)) return text;
      if (performance.now() > late) throw new Error(`${pattern} does not come:\n${text}`);
      await sleep(40);
    }
  };
  return {
    screen,
    history: (raw = false) => tmux("capture-pane", "-p", "-S", "-", ...(raw ? ["-e"] : [])),
    until,
    resize: async (width, height) => {
      await tmux("resize-window", "-x", String(width), "-y", String(height));
      const tty = (await tmux("display-message", "-p", "#{pane_tty}")).trim();
      const late = performance.now() + 10_000;
      while ((await run("stty", ["-F", tty, "size"])).stdout.trim() !== `${height} ${width}`) {
        if (performance.now() > late) throw new Error(`${tty} does not become ${width} columns wide`);
        await sleep(20);
      }
    },
    press: async (...keys) => {
      await tmux("send-keys", ...keys);
    },
    cursorIsVisible: async () => (await tmux("display-message", "-p", "#{cursor_flag}")).trim() === "1",
    exitCode: async () => Number(/\[exit (\d+)\]/.exec(await until(/\[exit \d+\]/))?.[1]),
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server").catch(() => {});
    },
  };
};
