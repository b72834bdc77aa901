import { graphemes } from "../reporter/cells.ts";
import type { Look } from "../reporter/look.ts";
import type { ChoiceAsking, Place, TextAsking } from "./question.ts";
import { choiceScreen, textScreen } from "./screen.ts";

export interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
}

/** The line that enquirer edits. */
export interface Edited {
  readonly input: string;
  /** In UTF-16 code units. */
  readonly cursor: number;
}

/** What a prompt shows and takes. */
export interface Part {
  readonly message: string;
  readonly canGoBack: boolean;
  readonly screen: (prompt: Edited, look: Look) => readonly string[];
  /** What remains behind the message. */
  readonly answer: (prompt: Edited) => string;
  readonly isFine?: (prompt: Edited) => boolean;
  /** Before enquirer sees it. True: it is dealt with. */
  readonly onKey: (text: string, key: Key, prompt: Edited) => boolean;
}

/** A line after a key that moves by what people take for one character; enquirer would take halves away. Undefined: another key. */
const edited = ({ input, cursor }: Edited, { name, ctrl }: Key): Edited | undefined => {
  const before = input.slice(0, cursor);
  const after = input.slice(cursor);
  // As every shell has it; enquirer's own meaning is "undo".
  if (ctrl) return name === "u" ? { input: after, cursor: 0 } : undefined;
  const left = before.length - (graphemes(before).at(-1)?.length ?? 0);
  const right = graphemes(after)[0]?.length ?? 0;
  switch (name) {
    case "left":
      return { input, cursor: left };
    case "right":
      return { input, cursor: cursor + right };
    case "home":
      return { input, cursor: 0 };
    case "end":
      return { input, cursor: input.length };
    case "backspace":
      return { input: before.slice(0, left) + after, cursor: left };
    case "delete":
      return { input: before + after.slice(right), cursor };
    default:
      return undefined;
  }
};

export const textPart = (asking: TextAsking, place: Place | undefined, answered: (prompt: Edited) => string): Part => {
  let problem: string | undefined;
  return {
    message: asking.message,
    canGoBack: asking.canGoBack ?? false,
    screen: ({ input, cursor }, look) => textScreen(asking, { input, cursor, problem }, look, place),
    answer: answered,
    isFine: (prompt) => {
      problem = asking.problem(answered(prompt));
      return problem === undefined;
    },
    onKey: (_text, key, prompt) => {
      if (key.name !== "return" && key.name !== "enter") problem = undefined;
      const line = edited(prompt, key);
      if (line) Object.assign(prompt, line);
      return line !== undefined;
    },
  };
};

export const choicePart = (
  asking: ChoiceAsking,
  place: Place | undefined,
  chosen: { index: number; form: number },
): Part => {
  const { choices, forms } = asking;
  const { length } = choices;
  const moves: Readonly<Record<string, () => number>> = {
    up: () => (chosen.index + length - 1) % length,
    down: () => (chosen.index + 1) % length,
    home: () => 0,
    end: () => length - 1,
  };
  /** The number of a line, or the letter that the next one begins with. */
  const named = (text: string): number => {
    if (/^[1-9]$/.test(text)) return Number(text) <= length ? Number(text) - 1 : chosen.index;
    const next = choices.map((_, at) => (chosen.index + 1 + at) % length);
    const starts = (at: number): boolean => choices[at]?.title.toLowerCase().startsWith(text.toLowerCase()) ?? false;
    return (text === "" ? undefined : next.find(starts)) ?? chosen.index;
  };
  return {
    message: asking.message,
    canGoBack: asking.canGoBack ?? false,
    screen: (_prompt, look) => choiceScreen(asking, chosen, look, place),
    answer: () => choices[chosen.index]?.title ?? "",
    onKey: (text, { name = "", ctrl }) => {
      if (ctrl || ["return", "enter"].includes(name)) return false;
      if (name === "tab") chosen.form = (chosen.form + 1) % forms;
      else chosen.index = moves[name]?.() ?? named(text);
      return true;
    },
  };
};
