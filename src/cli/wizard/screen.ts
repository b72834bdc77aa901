import { beginning, cells, ending, graphemes } from "../reporter/cells.ts";
import { cut, entry, type Look, legible, paint } from "../reporter/look.ts";
import type { ChoiceAsking, Place, TextAsking } from "./question.ts";

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

const typedLine = ({ initial }: TextAsking, { input, cursor }: Typed, look: Look): string => {
  const width = look.columns - 5;
  if (input === "") {
    const [first = " ", ...rest] = graphemes(legible(cut(initial, width, look), look));
    return `  > ${block(first)}${paint("dim", rest.join(""), look)}`;
  }
  // The part of a long line around its cursor.
  const [under = " ", ...rest] = graphemes(legible(input.slice(cursor), look));
  const head = ending(legible(input.slice(0, cursor), look), width - cells(under));
  const left = width - cells(head) - cells(under);
  const tail = rest.length > 0 && left > 1 ? beginning(rest.join(""), left) : "";
  return `  > ${head}${block(under)}${tail}`;
};

const title = (message: string, place: Place | undefined, look: Look): readonly string[] => {
  const [first = "", ...rest] = entry(look, 0, "?", place ? `${message} (${place.number} of ${place.of})` : message);
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

/** What the Tab key would make of it. */
const otherLine = (url: string | undefined, look: Look): readonly string[] =>
  url === undefined ? [] : [`  ${paint("dim", cut(legible(`Tab: ${url}`, look), look.columns - 3, look), look)}`];

export const textScreen = (asking: TextAsking, typed: Typed, look: Look, place?: Place): readonly string[] => [
  ...title(asking.message, place, look),
  typedLine(asking, typed, look),
  ...(asking.live ? liveLine(asking.live(typed.input === "" ? asking.initial : typed.input), look) : []),
  ...(typed.problem === undefined ? dim(asking.help, look) : entry(look, 2, "✗", typed.problem, "red")),
];

export const choiceScreen = (
  asking: ChoiceAsking,
  { index, form }: Chosen,
  look: Look,
  place?: Place,
): readonly string[] => {
  const { choices, forms, live } = asking;
  const choice = choices[index];
  return [
    ...title(asking.message, place, look),
    ...choices.flatMap((one, at) => {
      const lines = entry(look, 2, `${at === index ? ">" : " "} ${at + 1}`, one.title);
      return at === index ? lines.map((line) => paint("bold", line, look)) : lines;
    }),
    ...(live && choice ? liveLine(live(choice.id, form), look) : []),
    ...(live && choice && forms > 1 ? otherLine(live(choice.id, (form + 1) % forms), look) : []),
    ...(choice ? entry(look, 2, "", choice.hint) : []),
    ...dim(asking.help, look),
  ];
};

/** What stays on the screen. */
export const answeredScreen = (message: string, answer: string, look: Look): readonly string[] =>
  entry(look, 0, "✓", `${message} ${answer}`, "green");

export const cancelledScreen = (message: string, look: Look): readonly string[] => entry(look, 0, "✗", message, "red");
