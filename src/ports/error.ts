/** What to do about bad news. `command` is ready to copy. */
export interface Remedy {
  readonly text: string;
  readonly command?: string;
}

/**
 * An error that a person can act on: what happened, why, what to do. Everything else that is thrown is a bug of ours.
 * `exitCode` follows the contract: 1 failed or unhealthy, 2 wrong input or usage, 3 could not check.
 */
export class UserError extends Error {
  readonly why: string | undefined;
  readonly remedy: Remedy;
  readonly exitCode: 1 | 2 | 3;
  /** Stable name for programs, e.g. `release.digest`. */
  readonly id: string;

  constructor(options: {
    id: string;
    what: string;
    why?: string;
    remedy: Remedy | string;
    exitCode: 1 | 2 | 3;
    cause?: unknown;
  }) {
    super(options.what, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "UserError";
    this.id = options.id;
    this.why = options.why;
    this.remedy = typeof options.remedy === "string" ? { text: options.remedy } : options.remedy;
    this.exitCode = options.exitCode;
  }
}

/** The user or a signal ended the run; carries what the shell expects (130 for SIGINT, 143 for SIGTERM). */
export class Interrupted extends Error {
  readonly exitCode: 130 | 143;
  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.name = "Interrupted";
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
