import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import { troubledFile } from "../file-trouble.ts";
import type { Hosted, WorldSpec } from "./host.ts";
import type { Kept } from "./kept.ts";
import type { FromWorld, ToWorld, Trouble } from "./talk.ts";

export interface Elsewhere extends Hosted {
  /** Of which process it is. */
  readonly kept: Kept;
  /** Leaves it alone: from then on it lives for so many seconds. Resolves when it knows. */
  readonly leave: (seconds: number) => Promise<void>;
}

export const logIn = (folder: string): string => join(folder, "log");

/** The first word of a command line that nobody types (../index.ts). */
const HOST_WORLD = "__world";

/** What a process that was told to end may take. */
const LONGEST_MS = 20_000;

/**
 * Starts a world in a process of its own, in a session of its own: neither Ctrl-C nor the end of the terminal reaches it. Until it is left
 * alone it ends with this process, however that ends, because the channel between them does. Throws UserError where it does not stand.
 */
export const hostElsewhere = async (kept: Kept, spec: WorldSpec, signal: AbortSignal): Promise<Elsewhere> => {
  const log = openSync(logIn(kept.folder), "a", 0o600);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", HOST_WORLD, kept.name], {
    detached: true,
    // Maps and absent values arrive as they are.
    serialization: "advanced",
    stdio: ["ignore", log, log, "ipc"],
    windowsHide: true,
  });
  closeSync(log);
  const ended = once(child, "exit").then(([code, name]) => `its process has ended with ${code ?? name}`);
  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
    await ended;
    clearTimeout(late);
  };
  try {
    await tell(child, { kind: "start", kept, spec });
    const answer = await Promise.race([said(child), ended, interrupted(signal)]);
    if (typeof answer === "string") throw doesNotStand(answer);
    if (answer.kind === "failed") throw troubleFrom(answer.error);
    return {
      kept: { ...kept, process: answer.process },
      reached: answer.reached,
      asPerson: (task) => void tell(child, { kind: "person", task }),
      toPresent: () => tell(child, { kind: "present" }),
      close,
      leave: async (seconds) => {
        await tell(child, { kind: "stay", seconds });
        child.disconnect();
        child.unref();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const said = async (child: ChildProcess): Promise<FromWorld> => (await once(child, "message"))[0] as FromWorld;

const tell = (child: ChildProcess, message: ToWorld): Promise<void> =>
  new Promise((done, failed) => child.send(message, (error) => (error ? failed(error) : done())));

const interrupted = (signal: AbortSignal): Promise<never> =>
  new Promise((_done, failed) => {
    if (signal.aborted) failed(signal.reason);
    signal.addEventListener("abort", () => failed(signal.reason), { once: true });
  });

/** What happened to a file there is told as if it had happened here. */
const troubleFrom = ({ message, ...trouble }: Trouble): Error => {
  const error = Object.assign(new Error(message), trouble);
  return troubledFile(error) === undefined ? doesNotStand(message) : error;
};

const doesNotStand = (why: string): UserError =>
  new UserError({
    id: "rehearse.world",
    what: `The rehearsal's world does not stand: ${why}.`,
    remedy: {
      text: "See whether this does, which stays in the foreground:",
      command: sh`kn-bootstrap rehearse --keep`,
    },
    kind: "failed",
  });
