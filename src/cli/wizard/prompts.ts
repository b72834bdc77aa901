import { emitKeypressEvents } from "node:readline";
import { Interrupted } from "../../ports/error.ts";
import { columnsOf } from "../reporter/lines.ts";
import type { Look } from "../reporter/look.ts";
import type { Asker, ChoiceAsking, TextAsking } from "./question.ts";
import { answeredScreen, cancelledScreen, choiceScreen, textScreen } from "./screen.ts";

/** A person's keyboard and screen. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isRaw?: boolean; readonly setRawMode?: (raw: boolean) => unknown };
  readonly output: NodeJS.WritableStream & { readonly columns?: number };
}

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/** What we use of enquirer's prompts; its types leave it out. */
interface EnquirerPrompt {
  readonly input: string;
  readonly cursor: number;
  readonly state: { submitted?: boolean; cancelled?: boolean; closed?: boolean };
  readonly keypress: (text: string | undefined, key: Key) => Promise<unknown>;
  readonly clear: () => void;
  readonly write: (text: string) => void;
  readonly cancel: () => Promise<void>;
  readonly emit: (event: string) => void;
  readonly run: () => Promise<unknown>;
}

interface Enquirer {
  readonly Prompt: new (options: object) => EnquirerPrompt;
  readonly Input: new (options: object) => EnquirerPrompt;
}

/** What a prompt shows and takes; enquirer edits the line, and knows what stands on the screen. */
interface Part {
  readonly screen: (prompt: EnquirerPrompt, look: Look) => readonly string[];
  /** The one line that remains. */
  readonly answer: (prompt: EnquirerPrompt) => string;
  readonly message: string;
  readonly isFine?: (prompt: EnquirerPrompt) => boolean;
  /** Before enquirer sees it. True: it is dealt with. */
  readonly onKey?: (key: Key, prompt: EnquirerPrompt) => boolean;
}

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";

/**
 * Questions on a terminal. Rejects with Interrupted on Ctrl-C, Escape and at the end of the input, with the signal's reason when it
 * is aborted; the terminal is as it was in any case. The only import of enquirer.
 */
export const createPrompts = (terminal: Terminal, look: Look, env: NodeJS.ProcessEnv, signal: AbortSignal): Asker => {
  const ask = async (kind: keyof Enquirer, part: Part): Promise<EnquirerPrompt> => {
    signal.throwIfAborted();
    const enquirer = ((await import("enquirer")) as unknown as { readonly default: Enquirer }).default;
    const { output } = terminal;
    const lookNow = (): Look => ({ ...look, columns: columnsOf(output.columns, env) });
    const prompt = new enquirer[kind]({ name: "answer", message: part.message, stdin: terminal.input, stdout: output });
    const draw = async (): Promise<void> => {
      const { submitted, cancelled } = prompt.state;
      const lines = cancelled
        ? cancelledScreen(part.message, lookNow())
        : submitted
          ? answeredScreen(part.message, part.answer(prompt), lookNow())
          : part.screen(prompt, lookNow());
      prompt.clear();
      prompt.write(lines.join("\n"));
    };
    let release = (): void => {};
    // enquirer reads keys through a readline of its own, which Ctrl-C closes first; using it afterwards throws since Node 24.
    Object.assign(prompt, {
      start: async () => {
        release = listen(terminal, prompt, part, draw);
      },
      render: draw,
      validate: async () => part.isFine?.(prompt) ?? true,
      alert: () => {},
      cursorHide: () => {},
      cursorShow: () => {},
      close: async () => {
        prompt.state.closed = true;
        prompt.write("\n");
        prompt.emit("close");
      },
    });
    const abort = (): void => void prompt.cancel();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await prompt.run();
      return prompt;
    } catch (error) {
      signal.throwIfAborted();
      // enquirer rejects with nothing when it is cancelled.
      throw error instanceof Error ? error : new Interrupted("SIGINT");
    } finally {
      signal.removeEventListener("abort", abort);
      release();
    }
  };

  return {
    text: async (asking) => {
      const answered = ({ input }: EnquirerPrompt): string => (input.trim() === "" ? asking.initial : input.trim());
      const prompt = await ask("Input", textPart(asking, answered));
      return answered(prompt);
    },
    choice: async (asking) => {
      const chosen = {
        index: Math.max(
          0,
          asking.choices.findIndex(({ id }) => id === asking.initial),
        ),
        form: 0,
      };
      await ask("Prompt", choicePart(asking, chosen));
      return { id: asking.choices[chosen.index]?.id ?? asking.initial, form: chosen.form };
    },
  };
};

const textPart = (asking: TextAsking, answered: (prompt: EnquirerPrompt) => string): Part => {
  let problem: string | undefined;
  return {
    message: asking.message,
    screen: ({ input, cursor }, look) => textScreen(asking, { input, cursor, problem }, look),
    answer: answered,
    isFine: (prompt) => {
      problem = asking.problem(answered(prompt));
      return problem === undefined;
    },
    onKey: ({ name, ctrl }, prompt) => {
      if (name !== "return" && name !== "enter") problem = undefined;
      // As every shell has it; enquirer's own meaning is "undo".
      if (!ctrl || name !== "u") return false;
      Object.assign(prompt, { input: "", cursor: 0 });
      return true;
    },
  };
};

const choicePart = (asking: ChoiceAsking, chosen: { index: number; form: number }): Part => {
  const { length } = asking.choices;
  const moves: Readonly<Record<string, () => void>> = {
    up: () => {
      chosen.index = (chosen.index + length - 1) % length;
    },
    down: () => {
      chosen.index = (chosen.index + 1) % length;
    },
    home: () => {
      chosen.index = 0;
    },
    end: () => {
      chosen.index = length - 1;
    },
    tab: () => {
      chosen.form = (chosen.form + 1) % asking.forms;
    },
  };
  return {
    message: asking.message,
    screen: (_prompt, look) => choiceScreen(asking, chosen, look),
    answer: () => asking.choices[chosen.index]?.title ?? "",
    onKey: ({ name = "", ctrl }) => {
      if (ctrl) return false;
      moves[name]?.();
      return !["return", "enter", "escape"].includes(name);
    },
  };
};

/** Hands each key on when the one before is done with. Returns what puts the terminal back. */
const listen = (
  { input, output }: Terminal,
  prompt: EnquirerPrompt,
  { onKey }: Part,
  draw: () => Promise<void>,
): (() => void) => {
  let last: Promise<unknown> = Promise.resolve();
  const press = (text: string | undefined, key: Key): void => {
    last = last.then(async () => {
      const { submitted, closed } = prompt.state;
      if (submitted || closed) return;
      if (onKey?.(key, prompt)) await draw();
      else await prompt.keypress(text, key);
    });
  };
  const end = (): void => void prompt.cancel();
  const resize = (): void => void draw();
  const show = (): void => void output.write(SHOW);
  const wasRaw = input.isRaw ?? false;
  emitKeypressEvents(input);
  input.setRawMode?.(true);
  input.on("keypress", press);
  input.on("end", end);
  output.on("resize", resize);
  // A second signal ends the process at once.
  process.once("exit", show);
  output.write(HIDE);
  input.resume();
  return () => {
    input.off("keypress", press);
    input.off("end", end);
    output.off("resize", resize);
    process.off("exit", show);
    input.setRawMode?.(wasRaw);
    input.pause();
    show();
  };
};
