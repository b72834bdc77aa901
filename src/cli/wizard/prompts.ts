import { emitKeypressEvents } from "node:readline";
import { Interrupted } from "../../ports/error.ts";
import { columnsOf } from "../reporter/lines.ts";
import type { Look } from "../reporter/look.ts";
import { createScreen, reflows } from "../reporter/screen.ts";
import { choicePart, type Edited, type Key, type Part, textPart } from "./parts.ts";
import { type Asker, WentBack } from "./question.ts";
import { answeredScreen, cancelledScreen } from "./screen.ts";

/** A person's keyboard and screen. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isRaw?: boolean; readonly setRawMode?: (raw: boolean) => unknown };
  readonly output: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
}

/** What we use of enquirer's prompts; its types leave it out. */
interface EnquirerPrompt extends Edited {
  readonly state: { submitted?: boolean; cancelled?: boolean; closed?: boolean };
  readonly keypress: (text: string | undefined, key: Key) => Promise<unknown>;
  readonly cancel: () => Promise<void>;
  readonly emit: (event: string) => void;
  readonly run: () => Promise<unknown>;
}

interface Enquirer {
  readonly Prompt: new (options: object) => EnquirerPrompt;
  readonly Input: new (options: object) => EnquirerPrompt;
}

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";

/**
 * Questions on a terminal, those that are answered above the one that is asked. Rejects with WentBack on Shift-Tab and Escape, with
 * Interrupted on Ctrl-C and at the end of the input, with the signal's reason when it is aborted; the terminal is as it was in any
 * case. The only import of enquirer.
 */
export const createPrompts = (terminal: Terminal, look: Look, env: NodeJS.ProcessEnv, signal: AbortSignal): Asker => {
  const { input, output } = terminal;
  const answered: { readonly message: string; readonly answer: string }[] = [];
  let asked: (look: Look) => readonly string[] = () => [];
  const write = (text: string): void => void output.write(text);
  const rows = (): number => output.rows || 24;
  const screen = createScreen({
    stdout: write,
    stderr: write,
    columns: () => output.columns || 80,
    rows,
    reflows: reflows(env),
    region: () => {
      const now: Look = { ...look, columns: columnsOf(output.columns, env) };
      const lines = asked(now).slice(0, rows() - 1);
      const above = answered.flatMap(({ message, answer }) => answeredScreen(message, answer, now));
      // What has left the screen could not be taken away again.
      const room = rows() - 1 - lines.length;
      return [...(room > 0 ? above.slice(-room) : []), ...lines];
    },
  });

  const ask = async (kind: keyof Enquirer, part: Part): Promise<EnquirerPrompt> => {
    signal.throwIfAborted();
    const enquirer = ((await import("enquirer")) as unknown as { readonly default: Enquirer }).default;
    const prompt = new enquirer[kind]({ name: "answer", message: part.message, stdin: input, stdout: output });
    let wentBack = false;
    asked = (now) => {
      const { submitted, cancelled } = prompt.state;
      if (wentBack) return [];
      if (cancelled) return cancelledScreen(part.message, now);
      return submitted ? [] : part.screen(prompt, now);
    };
    const draw = async (): Promise<void> => {
      // What is cancelled counts as submitted too.
      const { submitted, cancelled } = prompt.state;
      if (submitted && !cancelled && answered.at(-1)?.message !== part.message)
        answered.push({ message: part.message, answer: part.answer(prompt) });
      screen.refresh();
    };
    const back = (): void => {
      if (!part.canGoBack) return;
      wentBack = true;
      answered.pop();
      void prompt.cancel();
    };
    let release = (): void => {};
    // enquirer reads keys through a readline of its own, which Ctrl-C closes first; using it afterwards throws since Node 24.
    Object.assign(prompt, {
      start: async () => {
        release = listen(terminal, prompt, { ...part, back }, draw);
      },
      render: draw,
      validate: async () => part.isFine?.(prompt) ?? true,
      alert: () => {},
      cursorHide: () => {},
      cursorShow: () => {},
      close: async () => {
        prompt.state.closed = true;
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
      if (wentBack) throw new WentBack();
      // enquirer rejects with nothing when it is cancelled.
      throw error instanceof Error ? error : new Interrupted("SIGINT");
    } finally {
      signal.removeEventListener("abort", abort);
      release();
    }
  };

  return {
    text: async (asking) => {
      const { initial, kept = (text) => text } = asking;
      const answered = ({ input }: Edited): string => (input.trim() === "" ? initial : kept(input.trim()));
      const prompt = await ask("Input", textPart(asking, await asking.place?.(), answered));
      return answered(prompt);
    },
    choice: async (asking) => {
      const chosen = {
        index: Math.max(
          0,
          asking.choices.findIndex(({ id }) => id === asking.initial),
        ),
        form: (asking.form ?? 0) % asking.forms,
      };
      await ask("Prompt", choicePart(asking, await asking.place?.(), chosen));
      return { id: asking.choices[chosen.index]?.id ?? asking.initial, form: chosen.form };
    },
  };
};

/** Hands each key on when the one before is done with. Returns what puts the terminal back. */
const listen = (
  { input, output }: Terminal,
  prompt: EnquirerPrompt,
  { onKey, back }: Part & { readonly back: () => void },
  draw: () => Promise<void>,
): (() => void) => {
  let last: Promise<unknown> = Promise.resolve();
  const press = (text: string | undefined, key: Key): void => {
    last = last.then(async () => {
      const { submitted, closed } = prompt.state;
      if (submitted || closed) return;
      if (key.name === "escape" || (key.name === "tab" && key.shift)) back();
      else if (onKey(text ?? "", key, prompt)) await draw();
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
