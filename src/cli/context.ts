import type { Written } from "../config/complete.ts";
import type { Config } from "../config/config.ts";
import type { CommandFlags } from "../config/options.ts";
import type { Emit } from "../core/event.ts";
import type { Report } from "../core/run.ts";
import type { Learn } from "../ports/secrets.ts";
import type { Behind } from "./fatal.ts";
import type { Adapters, Where } from "./outside.ts";
import type { ReportPage } from "./report-page/index.ts";
import type { Look } from "./reporter/look.ts";
import type { Next } from "./reporter/report.ts";

export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** The process as the command line sees it; tests give another. */
export interface Host {
  /** Without the program's own two. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Resolves when what was written has arrived or has failed; absent: at once. */
  readonly written?: () => Promise<void>;
  /** Whether nobody reads stdout any more; absent: somebody does. */
  readonly isUnread?: () => boolean;
  /** Its reason is an Interrupted, a UserError about a stream that failed, or a bug. */
  readonly signal: AbortSignal;
  /** Called when it is certain that a command runs, and before what commands need is loaded. */
  readonly beforeCommand?: () => void;
  readonly adapters: Adapters;
}

/** All that a command may use of the terminal. */
export interface CommandContext {
  readonly config: Config;
  /** What of `config` somebody wrote, in whatever place; the rest is defaults. */
  readonly written: Written;
  readonly flags: CommandFlags;
  /** Progress and plan: text or JSON, as the options say. */
  readonly emit: Emit;
  /** Prints how the run went, what went wrong and what to do next; resolves to the exit code. `behind`: what has led to the error. */
  readonly finish: (report: Report, next: Next, behind?: Behind) => number;
  /** The page that --report asks for; absent: nobody asked for one. */
  readonly page?: Pick<ReportPage, "chose" | "witness">;
  /** The same data, its commands as they work when they are copied: at the cluster that options name, called as this one was. Events are so already. */
  readonly called: <T>(data: T, where?: Where) => T;
  /** The result of commands that have no report. Known secrets are masked; nothing is judged by its looks. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Resolves when what was written to stdout is out of the way; false: nobody reads it any more. */
  readonly isRead: () => Promise<boolean>;
  /** The text without the secrets that are known, for files. */
  readonly mask: (text: string) => string;
  /**
   * A yes-or-no question before something is changed; true at once with `--yes`. Without a terminal: UserError that names the
   * flag (exit code 2). Ctrl-C: Interrupted.
   */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Where somebody can be asked more than yes or no; absent unless stdin, stdout and stderr are terminals, all three. */
  readonly terminal?: Pick<Host, "stdin" | "stderr"> & {
    /** While this works, nothing else writes. */
    readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
  };
  readonly stdinIsTTY: boolean;
  readonly stdoutIsTTY: boolean;
  /** How a text for `stdout` should look. */
  readonly look: Look;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is learnt is masked from then on, in all that is printed. */
  readonly learn: Learn;
  readonly signal: AbortSignal;
  readonly adapters: Adapters;
}
