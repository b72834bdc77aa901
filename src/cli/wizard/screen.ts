import { cut, entry, type Look, legible, paint } from "../reporter/look.ts";
import type { ChoiceAsking, TextAsking } from "./question.ts";

/** What somebody has typed, and where the cursor stands in it. */
export interface Typed {
  readonly input: string;
  readonly cursor: number;
  /** Why the last Enter did not go through. */
  readonly problem: string | undefined;
}

export interface Chosen {
  readonly index: number;
  readonly form: number;
}

const INVERSE = ["\u001b[7m", "\u001b[27m"] as const;

/** A block where the cursor is: the terminal's own one is hidden. No colour, so that it is there without colours too. */
const block = (character: string): string => `${INVERSE[0]}${character}${INVERSE[1]}`;

/** The part of a long line around its cursor. */
const windowOf = (text: string, cursor: number, width: number): { readonly text: string; readonly cursor: number } => {
  const start = Math.max(0, Math.min(cursor - width + 1, text.length - width + 1));
  return { text: text.slice(start, start + width), cursor: cursor - start };
};

const typedLine = ({ initial }: TextAsking, { input, cursor }: Typed, look: Look): string => {
  const width = look.columns - 5;
  if (input === "") {
    const shown = legible(cut(initial, width, look), look);
    return `  > ${block(shown.charAt(0) || " ")}${paint("dim", shown.slice(1), look)}`;
  }
  const seen = windowOf(legible(input, look), cursor, width);
  const under = seen.text.charAt(seen.cursor) || " ";
  return `  > ${seen.text.slice(0, seen.cursor)}${block(under)}${seen.text.slice(seen.cursor + 1)}`;
};

const title = (message: string, look: Look): readonly string[] => {
  const [first = "", ...rest] = entry(look, 0, "?", message);
  return [
    `${paint("green", "?", look)} ${paint("bold", first.slice(2), look)}`,
    ...rest.map((line) => paint("bold", line, look)),
  ];
};

const dim = (text: string, look: Look): readonly string[] =>
  entry(look, 2, "", text).map((line) => paint("dim", line, look));

/** A URL is cut rather than wrapped: it is there to be recognised. */
const liveLine = (url: string | undefined, look: Look): readonly string[] => [
  url === undefined ? "" : `  ${paint("green", cut(legible(url, look), look.columns - 3, look), look)}`,
];

export const textScreen = (asking: TextAsking, typed: Typed, look: Look): readonly string[] => [
  ...title(asking.message, look),
  typedLine(asking, typed, look),
  ...(asking.live ? liveLine(asking.live(typed.input === "" ? asking.initial : typed.input), look) : []),
  ...(typed.problem === undefined ? dim(asking.help, look) : entry(look, 2, "✗", typed.problem, "red")),
];

export const choiceScreen = (asking: ChoiceAsking, { index, form }: Chosen, look: Look): readonly string[] => {
  const choice = asking.choices[index];
  return [
    ...title(asking.message, look),
    ...asking.choices.flatMap((one, place) => {
      const lines = entry(look, 2, place === index ? ">" : " ", one.title);
      return place === index ? lines.map((line) => paint("bold", line, look)) : lines;
    }),
    ...(asking.live && choice ? liveLine(asking.live(choice.id, form), look) : []),
    ...(choice ? entry(look, 2, "", choice.hint) : []),
    ...dim(asking.help, look),
  ];
};

/** What stays on the screen. */
export const answeredScreen = (message: string, answer: string, look: Look): readonly string[] =>
  entry(look, 0, "✓", `${message} ${answer}`, "green");

export const cancelledScreen = (message: string, look: Look): readonly string[] => entry(look, 0, "✗", message, "red");
