import { Interrupted, UserError } from "../ports/error.ts";
import { reasonOf } from "./file-trouble.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What a clean end may take at most when nobody knows what is broken: more than any request of it. */
const LONGEST_END_MS = 60_000;

/** What ends this process before its work is done. */
export interface Ending {
  /** Aborted by the first of them, with the reason. */
  readonly signal: AbortSignal;
  /** Somebody who is asked: opened when it is needed. */
  readonly stdin: () => NodeJS.ReadStream;
  /** Resolves when what was written has arrived or has failed. */
  readonly written: () => Promise<void>;
  /** Whether nobody reads stdout any more: what goes on for ever ends then. */
  readonly isUnread: () => boolean;
  /** The work is done: what breaks now breaks as everywhere. */
  readonly close: () => void;
}

/**
 * Signals, streams that fail and our own bugs end the work in one way: it stops, what is temporary goes, the lock is given back, the
 * report is written.
 */
export const watchForEnd = (process: NodeJS.Process): Ending => {
  const stop = new AbortController();
  const end = (reason: Error): void => stop.abort(reason);

  for (const name of SIGNALS) {
    let isRepeated = false;
    process.on(name, () => {
      const reason = new Interrupted(name);
      // Who sends it again does not want to wait. SIGHUP comes twice by itself, from the terminal and from its shell, or with SIGTERM.
      if (isRepeated && name !== "SIGHUP") process.exit(reason.exitCode);
      isRepeated = true;
      end(reason);
    });
  }

  let isUnread = false;
  for (const [name, stream] of [
    ["stdout", process.stdout],
    ["stderr", process.stderr],
  ] as const) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!hasNoReader(error, stream.isTTY)) end(failed(name, error));
      else isUnread ||= name === "stdout";
    });
  }

  const crash = (error: unknown): void => {
    // What breaks in its turn while everything ends must not keep the rest from ending.
    if (stop.signal.aborted) return;
    setTimeout(() => process.exit(1), LONGEST_END_MS).unref();
    end(error instanceof Error ? error : new Error(String(error)));
  };
  process.on("uncaughtException", crash);

  let opened = false;
  return {
    signal: stop.signal,
    stdin: () => {
      // A terminal that went away, while somebody is asked.
      if (!opened) process.stdin.on("error", () => end(new Interrupted("SIGHUP")));
      opened = true;
      return process.stdin;
    },
    written: async () => {
      await Promise.all([process.stdout, process.stderr].map(arrived));
    },
    isUnread: () => isUnread,
    close: () => process.off("uncaughtException", crash),
  };
};

const arrived = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((done) => void stream.write("", () => done()));

/** `| head`, or a terminal that was closed: no failure, the work goes on without it. */
const hasNoReader = ({ code }: NodeJS.ErrnoException, isTTY: boolean): boolean =>
  code === "EPIPE" || code === "ECONNRESET" || (code === "EIO" && isTTY);

const failed = (name: string, error: NodeJS.ErrnoException): UserError =>
  new UserError({
    id: "cli.output",
    what: `What there is to say could not be written to ${name}: ${reasonOf(error)}.`,
    remedy: "Mend that, or send it elsewhere, and run the same command again; what is done is kept.",
    kind: "failed",
    cause: error,
  });
