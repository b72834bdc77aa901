import { Interrupted, UserError } from "../ports/error.ts";
import type { Host } from "./context.ts";

/** Asks on stderr, because stdout is the result. An empty answer and the end of the input mean no. */
export const confirm = async (question: string, host: Pick<Host, "stdin" | "stderr" | "signal">): Promise<boolean> =>
  isYes(await lineTo(question, host));

export const isYes = (line: string): boolean => /^y(es)?$/i.test(line);

/** The line that somebody types after `question [y/N]`, without blanks around it; empty at the end of the input. */
export const lineTo = async (
  question: string,
  { stdin, stderr, signal }: Pick<Host, "stdin" | "stderr" | "signal">,
): Promise<string> => {
  if (!stdin.isTTY) {
    throw new UserError({
      id: "cli.confirm",
      what: `There is no terminal to ask "${question}".`,
      remedy: { text: "What it would do is shown above. Give --yes to go ahead without a question." },
      kind: "input",
    });
  }
  signal.throwIfAborted();
  const { createInterface } = await import("node:readline");
  const terminal = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const ended = (): void => {
        stderr.write("\n");
        resolve("");
      };
      terminal.on("close", ended);
      // In raw mode Ctrl-C is a key, not a signal.
      terminal.on("SIGINT", () => reject(new Interrupted("SIGINT")));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      terminal.question(`${question} [y/N] `, (answer) => {
        terminal.off("close", ended);
        resolve(answer.trim());
      });
    });
  } finally {
    terminal.close();
  }
};
