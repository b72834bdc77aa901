import type { Remedy } from "../../ports/error.ts";
import type { ToCopy } from "../../ports/shell.ts";
import { spelled, visible } from "../../ports/visible.ts";
import { beginning, cells } from "./cells.ts";
import { wrapBy } from "./lines.ts";

// Not imported: see args.ts.
const { styleText } = process.getBuiltinModule("node:util");

/** What the terminal or file that a text ends up in can show. */
export interface Look {
  /** Between NARROWEST and WIDEST of lines.ts. */
  readonly columns: number;
  readonly color: boolean;
  /** False: the locale is not UTF-8, so everything is written in ASCII. */
  readonly unicode: boolean;
}

/** POSIX: LC_ALL wins over LC_CTYPE, that over LANG; an empty one counts as not set. */
export const isUnicode = (env: Readonly<Record<string, string | undefined>>): boolean =>
  /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "");

const ASCII: Readonly<Record<string, string>> = {
  "→": "->",
  "…": "...",
  "×": "x",
  "–": "-",
  "—": "-",
  "·": ".",
  "✓": "*",
  "✗": "x",
  "█": "#",
  "░": "-",
  "▏": "#",
  "“": '"',
  "”": '"',
  "‘": "'",
  "’": "'",
  "⟪": "(",
  "⟫": ")",
};

/** A text that the place can show: blanks in parentheses, lines folded, what cannot be seen written out, ASCII where nothing else is understood. */
export const legible = (text: string, { unicode }: Pick<Look, "unicode">): string => {
  const clean = visible(text.replace(/[⟪⟫]/g, (mark) => ASCII[mark] ?? ""));
  return unicode ? clean : clean.replace(/[^\p{ASCII}]/gu, (character) => ASCII[character] ?? "?");
};

type Colour = "green" | "yellow" | "red" | "bold" | "dim";

export const paint = (colour: Colour, text: string, { color }: Look): string =>
  color && text !== "" ? styleText(colour, text, { validateStream: false }) : text;

/** Lines of at most `width` cells; words that are longer than a line are cut. */
export const wrap = wrapBy({ cells, beginning });

/** A paragraph behind a mark, wrapped below its own beginning: `  + Deployment …`. */
export const entry = (look: Look, indent: number, mark: string, text: string, colour?: Colour): readonly string[] => {
  const sign = legible(mark, look);
  const margin = " ".repeat(indent);
  const hanging = margin + (sign === "" ? "" : " ".repeat(cells(sign) + 1));
  const [first = "", ...rest] = wrap(legible(text, look), look.columns - cells(hanging));
  const shownSign = colour === undefined ? sign : paint(colour, sign, look);
  return [`${margin}${shownSign}${sign === "" ? "" : " "}${first}`, ...rest.map((line) => hanging + line)];
};

export const heading = (look: Look, text: string): readonly string[] =>
  wrap(legible(text, look), look.columns).map((line) => paint("bold", line, look));

/** Never wrapped: it is there to be copied. */
export const commandLines = (look: Look, indent: number, command?: ToCopy): readonly string[] =>
  command ? command.split("\n").map((line) => " ".repeat(indent) + copyable(line, look)) : [];

/** What is shown in place of a character must not be one that a shell acts on. */
const copyable = (line: string, { unicode }: Look): string => {
  const seen = spelled(line);
  return unicode ? seen : seen.replace(/[^\p{ASCII}]/gu, (character) => (character === "…" ? "..." : "?"));
};

/** What to do, and the command below it. */
export const advice = (look: Look, indent: number, { text, command }: Remedy): readonly string[] => [
  ...entry(look, indent, "", text),
  ...commandLines(look, indent + 2, command),
];

/** Cut to so many cells, with dots where something is missing. */
export const cut = (text: string, width: number, look: Look): string => {
  if (cells(text) <= width) return text;
  const dots = legible("…", look);
  return beginning(text, width - dots.length).trimEnd() + dots;
};

/** `0.4 s`, `31 s`, `1 min 12 s`. */
export const elapsed = (seconds: number): string => {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
};

/** `1.2 MB` */
export const size = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1e3).toFixed(bytes < 99_950 ? 1 : 0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};

/** `1 field`, `3 fields` */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
