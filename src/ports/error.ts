import type { Seen } from "./facts.ts";
import type { Fix } from "./fix.ts";
import type { ToCopy } from "./shell.ts";

/** What to do about bad news. `command` is ready to copy and safe to paste; undefined where no command helps, or where a value is unfit for one. */
export interface Remedy {
  readonly text: string;
  readonly command?: ToCopy | undefined;
  /** What of it `doctor --fix` can do: the command says the same. */
  readonly fixes?: readonly Fix[];
}

/**
 * `input`: an option, file, credential or right is wrong, and nothing was changed. `failed`: something did not work. `unseen`: it could not be
 * looked at, so nobody knows. `person`: somebody has to do something first, and then the same command goes on.
 */
export type ErrorKind = "input" | "failed" | "unseen" | "person";

/** Of a sentence with names of others in it, however long they are; an API server's message has as much. */
const MOST_OF_TEXT = 16_000;

const readable = (text: string): string =>
  text.length <= MOST_OF_TEXT
    ? text
    : `${text.slice(0, MOST_OF_TEXT).toWellFormed()} … and ${text.length - MOST_OF_TEXT} characters more`;

/**
 * An error that a person can act on: what happened, why, what to do. Everything else that is thrown is a bug of ours.
 * What a kind means for the exit code is the command line's affair (src/cli/exit-codes.ts). Ids and kinds: docs/errors.md.
 */
export class UserError extends Error {
  readonly why: string | undefined;
  readonly remedy: Remedy;
  readonly kind: ErrorKind;
  /** Wrong input that nobody here could know to be wrong: it stays input after something was written. */
  readonly staysInput: boolean;
  /** Stable name for programs, e.g. `release.digest`. */
  readonly id: string;
  /** What was seen, as data. */
  readonly seen: Seen;

  constructor(options: {
    id: string;
    what: string;
    why?: string;
    remedy: Remedy | string;
    kind: ErrorKind;
    staysInput?: boolean;
    seen?: Seen;
    cause?: unknown;
  }) {
    super(readable(options.what), options.cause === undefined ? {} : { cause: options.cause });
    this.name = "UserError";
    this.id = options.id;
    this.why = options.why === undefined ? undefined : readable(options.why);
    this.remedy = typeof options.remedy === "string" ? { text: options.remedy } : options.remedy;
    this.kind = options.kind;
    this.staysInput = options.staysInput ?? false;
    this.seen = options.seen ?? {};
  }
}

/** Whether nothing has failed: it could not be looked at, or waits for a person. What does not need it goes on. */
export const isUnsettled = (error: unknown): error is UserError =>
  error instanceof UserError && (error.kind === "unseen" || error.kind === "person");

/** What the shell expects: 128 and the signal's number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The user or a signal ended the run. */
export class Interrupted extends Error {
  readonly exitCode: (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
  constructor(signal: keyof typeof EXIT_CODES) {
    super(`interrupted by ${signal}`);
    this.name = "Interrupted";
    this.exitCode = EXIT_CODES[signal];
  }
}

/** The reason with which a signal ends a look when its time is up. What the look has found so far counts. */
export class TimeUp extends Error {
  constructor() {
    super("the time for this look is up");
    this.name = "TimeUp";
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
