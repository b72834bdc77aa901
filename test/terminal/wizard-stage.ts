import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { bundle } from "../../scripts/build.ts";
import { cells } from "../../src/cli/reporter/cells.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";

const root = join(import.meta.dirname, "../..");

/** The program as it ships: one that an older Node understands, with what it looks for beside it. */
export const buildProgram = async (): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-wizard-"));
  await Promise.all([
    bundle(join(folder, "dist"), "test/terminal/wizard-program.ts"),
    writeFile(join(folder, "package.json"), '{ "type": "module" }\n'),
    cp(join(root, "manifests"), join(folder, "manifests"), { recursive: true }),
  ]);
  return {
    path: join(folder, "dist", "wizard-program.js"),
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
  const ended = new Promise<never>((_, reject) => child.once("exit", () => reject(new Error("the world ended"))));
  // Nobody may be asking when it is closed.
  ended.catch(() => undefined);
  const answer = async <T>(): Promise<T> => (await Promise.race([once(child, "message"), ended]))[0] as T;
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

/** No line is wider than the terminal and none was broken by it: what wraps is wrapped by us. */
export const expectFits = (screen: string, columns: number): void => {
  for (const line of screen.split("\n")) expect(cells(line), line).toBeLessThanOrEqual(columns);
};
