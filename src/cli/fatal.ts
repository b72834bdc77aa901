import { seenIn } from "../core/check.ts";
import type { Report } from "../core/run.ts";
import { whatIsDone } from "../core/what-is-done.ts";
import { Interrupted, messageOf, type Remedy, UserError } from "../ports/error.ts";
import type { Evidence, Facts } from "../ports/facts.ts";
import { outside } from "../ports/outside.ts";
import { fileWord, sh } from "../ports/shell.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { reasonOf, troubledFile } from "./file-trouble.ts";
import { commandLines, entry, type Look, paint } from "./reporter/look.ts";

/** Bad news as data: what every reporter says about an error. */
export interface Problem {
  readonly id: string;
  readonly what: string;
  readonly why?: string;
  readonly remedy: Remedy;
  readonly exitCode: number;
  /** What was seen, as data. */
  readonly facts?: Facts;
  readonly evidence?: readonly Evidence[];
  /** What `doctor` finds behind it, where the error does not say it. */
  readonly behind?: Behind;
}

/** The first cause of a diagnosis. */
export interface Behind {
  /** Of the check. */
  readonly id: string;
  readonly summary: string;
  readonly remedy: Remedy;
}

export const BUG = "bug";

/** What to do about a bug that a file tells more of. */
export const reportTo = (path: string): Remedy => ({
  text: "What is known about it is in this file, without secrets. Please read it and report the bug with it:",
  command: sh`cat ${fileWord(path)}`,
});

interface Circumstances extends Pick<Report, "isGone"> {
  readonly changing?: boolean;
  readonly verbose?: boolean;
}

/**
 * What an error means to the user. `changing`: something may have been written already, so nothing is wrong input any more
 * and the exit code is 1.
 */
export const problemOf = (
  error: unknown,
  { changing = false, verbose = false, isGone }: Circumstances = {},
): Problem => {
  if (error instanceof Interrupted) {
    const again = `Run the same command again; ${whatIsDone(isGone ? { isGone } : {})}.`;
    const remedy = changing ? again : "Nothing was changed.";
    return { id: "interrupted", what: "Interrupted.", remedy: { text: remedy }, exitCode: error.exitCode };
  }
  const known = error instanceof UserError ? error : outside(error, changing);
  if (known) {
    const { id, message, why, remedy, kind, staysInput, seen } = known;
    return {
      id,
      what: message,
      ...(why === undefined ? {} : { why }),
      remedy,
      ...seenIn(seen),
      exitCode: EXIT_CODES[changing && kind === "input" && !staysInput ? "failed" : kind],
    };
  }
  const file = troubledFile(error);
  if (file !== undefined) {
    return {
      id: "system.file",
      what: `This machine did not let ${file} be written: ${reasonOf(error)}.`,
      remedy: {
        text: `Mend that, or let TMPDIR and XDG_CACHE_HOME name another place. ${changing ? "Then run the same command again; what is done is kept." : "Nothing was changed."}`,
      },
      exitCode: 1,
    };
  }
  return {
    id: BUG,
    what: `This is a bug in kn-bootstrap: ${sentence((verbose && error instanceof Error && error.stack) || messageOf(error))}`,
    remedy: {
      text: verbose
        ? "Please report it with these lines."
        : "Please report it with what the same command prints with -v.",
    },
    exitCode: 1,
  };
};

const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);

const ERROR = "Error:";

/** One paragraph, and the command to copy below it. */
export const problemText = ({ what, why, remedy, exitCode, behind }: Problem, look: Look): string => {
  const interrupted = exitCode > 128;
  const paragraph = [sentence(what), ...(why ? [sentence(why)] : []), remedy.text].join(" ");
  const lines = [
    ...entry(look, 0, "", interrupted ? paragraph : `${ERROR} ${paragraph}`).map((line, index) =>
      index === 0 && !interrupted ? paint("red", ERROR, look) + line.slice(ERROR.length) : line,
    ),
    ...commandLines(look, 2, remedy.command),
    ...(behind ? behindLines(behind, look) : []),
  ];
  return `${lines.join("\n")}\n`;
};

/** As the first line of `doctor`, with its remedy. */
const behindLines = ({ id, summary, remedy }: Behind, look: Look): readonly string[] => [
  ...entry(look, 0, "", `Behind it is ${id}: ${sentence(summary)} ${remedy.text}`),
  ...commandLines(look, 2, remedy.command),
];
