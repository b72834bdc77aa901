import { execFile, fork, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect } from "vitest";
import type { WorldOptions } from "../../src/sandbox/world.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
if (!hasTmux) process.stdout.write("skipped: tmux is not on PATH, so the wizard is not driven in a terminal\n");

/** The program as it ships: one that an older Node understands, with what it looks for beside it. */
export const buildProgram = async (): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-wizard-"));
  await mkdir(join(folder, "dist"));
  await Promise.all([
    build({
      absWorkingDir: root,
      entryPoints: [join(import.meta.dirname, "wizard-program.ts")],
      outfile: join(folder, "dist", "main.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node22",
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
      logLevel: "error",
    }),
    cp(join(root, "manifests"), join(folder, "manifests"), { recursive: true }),
  ]);
  return {
    path: join(folder, "dist", "main.mjs"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};

export interface RemoteWorld {
  /** For the program. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests that have changed something so far. */
  readonly writes: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

interface Told {
  readonly kubeconfig: string;
  readonly env: Readonly<Record<string, string>>;
  readonly outside: object;
}

export const startRemoteWorld = async (options: WorldOptions = {}): Promise<RemoteWorld> => {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-wizard-"));
  const child = fork(join(import.meta.dirname, "wizard-world.ts"), [JSON.stringify({ options, folder })], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once("message", (message) => resolve(message as T));
      child.once("exit", () => reject(new Error("the world ended")));
    });
  const { kubeconfig, env, outside } = await answer<Told>();
  return {
    env: {
      ...env,
      KUBECONFIG: kubeconfig,
      WIZARD_OUTSIDE: JSON.stringify(outside),
      XDG_CACHE_HOME: join(folder, "cache"),
      HOME: folder,
    },
    writes: async () => {
      const told = answer<{ readonly writes: readonly string[] }>();
      child.send("writes");
      return (await told).writes;
    },
    close: async () => {
      child.disconnect();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export interface Terminal {
  /** Names as tmux has them: `Enter`, `C-c`, `Down`; other texts are typed. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** What can be seen, and what has scrolled away above it. */
  readonly screen: () => Promise<string>;
  /** Resolves to the screen once it shows this. */
  readonly until: (pattern: RegExp) => Promise<string>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** Of the program, once it has ended; and what it left behind. */
  readonly ended: () => Promise<{ readonly code: number; readonly isSane: boolean; readonly hasCursor: boolean }>;
  readonly close: () => Promise<void>;
}

const PATIENCE_MS = 30_000;
const LOOK_MS = 60;

export const openTerminal = async (
  command: readonly string[],
  { env, columns = 80, rows = 50 }: { env: Readonly<Record<string, string>>; columns?: number; rows?: number },
): Promise<Terminal> => {
  const socket = `kn-wizard-${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-terminal-"));
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const script = join(folder, "run.sh");
  const settings = Object.entries({ LANG: "C.UTF-8", ...env }).map(
    ([name, value]) => `export ${name}=${quoted(value)}`,
  );
  await writeFile(
    script,
    // A terminal is sane when it edits lines and shows what is typed.
    [
      "unset CI NO_COLOR",
      ...settings,
      command.map(quoted).join(" "),
      'echo "exit=$?"',
      "stty -a | tr ' ' '\\n' | grep -x -- '-icanon\\|-echo' || echo terminal=sane",
      "read -r _",
    ].join("\n"),
  );
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run("tmux", ["-L", socket, "-f", "/dev/null", ...args])).stdout;
  await tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), `sh ${quoted(script)}`);
  const screen = async (): Promise<string> => (await tmux("capture-pane", "-p", "-S", "-")).trimEnd();
  const until = async (pattern: RegExp): Promise<string> => {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const text = await screen();
      if (pattern.test(text)) return text;
      if (performance.now() > deadline) throw new Error(`${pattern} did not appear:\n${text}`);
      await sleep(LOOK_MS);
    }
  };
  return {
    screen,
    until,
    press: async (...keys) => {
      for (const key of keys) await tmux("send-keys", key);
    },
    resize: async (width, height) => {
      await tmux("resize-window", "-x", String(width), "-y", String(height));
    },
    ended: async () => {
      const text = await until(/^exit=\d+\n(terminal=sane|-)/m);
      const cursor = await tmux("display-message", "-p", "#{cursor_flag}");
      return {
        code: Number(/^exit=(\d+)/m.exec(text)?.[1]),
        isSane: text.includes("terminal=sane"),
        hasCursor: cursor.trim() === "1",
      };
    },
    close: async () => {
      await tmux("kill-server").catch(() => "");
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** No line is wider than the terminal and none was broken by it: what wraps is wrapped by us. */
export const expectFits = (screen: string, columns: number): void => {
  for (const line of screen.split("\n")) expect(line.length, line).toBeLessThanOrEqual(columns);
};
