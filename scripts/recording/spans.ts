/** A run of characters that look alike. */
export interface Span {
  /** Of its first character, counted from 0. */
  readonly column: number;
  readonly text: string;
  /** Classes of the picture: `bold`, `dim`, a colour. */
  readonly look: string;
}

const ESCAPE = "\u001b";
const SEQUENCE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

interface State {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly colour: string;
}

const PLAIN: State = { bold: false, dim: false, colour: "" };

/** Select Graphic Rendition (ECMA-48 §8.3.117): the parts of it that a program like ours uses; others change nothing. */
const select = (state: State, codes: readonly number[]): State => {
  const [code, ...rest] = codes;
  if (code === undefined) return state;
  // Colours by number or by value take parameters of their own.
  if (code === 38 || code === 48) return select(state, rest.slice(rest[0] === 5 ? 2 : 4));
  return select(one(state, code), rest);
};

const one = (state: State, code: number): State => {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...state, bold: true };
  if (code === 2) return { ...state, dim: true };
  if (code === 22) return { ...state, bold: false, dim: false };
  if (code === 39) return { ...state, colour: "" };
  const base = code >= 90 ? code - 90 : code - 30;
  if (code === 90) return { ...state, colour: "dim" };
  const colour = COLOURS[base];
  return colour ? { ...state, colour } : state;
};

/** The pieces of one line, blanks between them left out. Each character is one column wide. */
export const spansOf = (line: string): readonly Span[] => {
  const spans: Span[] = [];
  let state = PLAIN;
  let column = 0;
  for (const part of line.split(SEQUENCE)) {
    if (part.startsWith(`${ESCAPE}[`)) {
      const codes = part.slice(2, -1).split(";").map(Number);
      state = select(state, codes);
      continue;
    }
    const text = part.replace(/\p{Cc}/gu, "");
    const look = [state.bold ? "bold" : "", state.dim ? "dim" : "", state.colour].filter(Boolean).join(" ");
    // Not every viewer keeps blanks that stand side by side.
    for (const { 0: word, index } of text.matchAll(/\S+(?: \S+)*/g))
      spans.push({ column: column + [...text.slice(0, index)].length, text: word, look });
    column += [...text].length;
  }
  return spans;
};
