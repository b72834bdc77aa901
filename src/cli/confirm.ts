import { Interrupted, UserError } from "../ports/error.ts";
import type { Host } from "./context.ts";

/** Asks on stderr, because stdout is the result. An empty answer and the end of the input mean no. */
export const confirm = async (
  question: string,
  { stdin, stderr, signal }: Pick<Host, "stdin" | "stderr" | "signal">,
): Promise<boolean> => {
  if (!stdin.isTTY) {
    throw new UserError({
      id: "cli.confirm",
      what: `There is no terminal to ask "${question}".`,
      remedy: { text: "Give --yes to go ahead without a question, or run plan to look only." },
      exitCode: 2,
    });
  }
  signal.throwIfAborted();
  const { createInterface } = await import("node:readline");
  const terminal = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      // In raw mode Ctrl-C is a key, not a signal.
      terminal.on("SIGINT", () => reject(new Interrupted("SIGINT")));
      terminal.on("close", () => resolve(false));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      terminal.question(`${question} [y/N] `, (answer) => resolve(/^y(es)?$/i.test(answer.trim())));
    });
  } catch (error) {
    stderr.write("\n");
    throw error;
  } finally {
    terminal.close();
  }
};
