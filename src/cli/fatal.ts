import { ApiError, BrokenAnswer, Unreachable } from "../ports/cluster.ts";
import { Interrupted, messageOf, type Remedy, UserError } from "../ports/error.ts";
import { fileWord, sh } from "../ports/shell.ts";
import { reasonOf, troubledFile } from "./file-trouble.ts";
import { commandLines, entry, type Look, paint } from "./reporter/look.ts";

/** Bad news as data: what every reporter says about an error. */
export interface Problem {
  readonly id: string;
  readonly what: string;
  readonly why?: string;
  readonly remedy: Remedy;
  readonly exitCode: number;
}

export const BUG = "bug";

/** What to do about a bug that a file tells more of. */
export const reportTo = (path: string): Remedy => ({
  text: "What is known about it is in this file, without secrets. Please read it and report the bug with it:",
  command: sh`cat ${fileWord(path)}`,
});

/**
 * What an error means to the user. `changing`: something may have been written already, so nothing is wrong input any more
 * and the exit code is 1.
 */
export const problemOf = (error: unknown, { changing = false, verbose = false } = {}): Problem => {
  if (error instanceof Interrupted) {
    const remedy = changing ? "Run the same command again; what is done is kept." : "Nothing was changed.";
    return { id: "interrupted", what: "Interrupted.", remedy: { text: remedy }, exitCode: error.exitCode };
  }
  if (error instanceof UserError) {
    const { id, message, why, remedy, exitCode } = error;
    return {
      id,
      what: message,
      ...(why === undefined ? {} : { why }),
      remedy,
      exitCode: changing && exitCode === 2 ? 1 : exitCode,
    };
  }
  if (error instanceof BrokenAnswer) {
    return {
      id: "cluster.broken-answer",
      what: sentence(error.message),
      why: "Something else answers in the API server's place: a proxy, a load balancer, a login page. Nothing can be concluded from that.",
      remedy: {
        text: changing
          ? "When the way to the cluster is well, run the same command again; what is done is kept."
          : "Check --context and --kubeconfig, and what lies between here and the cluster.",
      },
      exitCode: changing ? 1 : 2,
    };
  }
  if (error instanceof Unreachable) {
    return {
      id: "cluster.unreachable",
      what: `The cluster at ${error.server} does not answer: ${sentence(error.message)}`,
      remedy: {
        text: changing
          ? "When it is back, run the same command again; what is done is kept."
          : "Check --context and --kubeconfig, and whether this machine can reach it.",
      },
      exitCode: changing ? 1 : 2,
    };
  }
  if (error instanceof ApiError) {
    return {
      id: "cluster.refused",
      what: `The cluster refused ${error.request}: ${sentence(error.message)}`,
      why: `It answered ${error.status}${error.reason ? ` ${error.reason}` : ""}.`,
      remedy: {
        text:
          error.status === 401 ? "Log in to the cluster again." : "Mend what it says and run the same command again.",
      },
      exitCode: 1,
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
export const problemText = ({ what, why, remedy, exitCode }: Problem, look: Look): string => {
  const interrupted = exitCode > 128;
  const paragraph = [sentence(what), ...(why ? [sentence(why)] : []), remedy.text].join(" ");
  const lines = [
    ...entry(look, 0, "", interrupted ? paragraph : `${ERROR} ${paragraph}`).map((line, index) =>
      index === 0 && !interrupted ? paint("red", ERROR, look) + line.slice(ERROR.length) : line,
    ),
    ...commandLines(look, 2, remedy.command),
  ];
  return `${lines.join("\n")}\n`;
};
