import { eastAsianWidth } from "get-east-asian-width";

// Not imported: see args.ts.
const { stripVTControlCharacters } = process.getBuiltinModule("node:util");

/** Printable ASCII: each character takes one cell, and stands for itself. */
const PLAIN = /^[ -~]*$/;

// What is drawn over the character before it (wcwidth); spacing marks (Mc) have a cell of their own.
const DRAWN_OVER = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many cells of a terminal a text takes (UAX #11). What terminals do not agree about, as emoji of several characters, counts as the most. */
export const cells = (text: string): number => {
  const seen = stripVTControlCharacters(text);
  if (PLAIN.test(seen)) return seen.length;
  return [...seen].reduce((sum, one) => sum + (DRAWN_OVER.test(one) ? 0 : eastAsianWidth(one.codePointAt(0) ?? 0)), 0);
};

let segmenter: Intl.Segmenter | undefined;

/** What people take for one character, marks included (UAX #29). */
export const graphemes = (text: string): readonly string[] => {
  if (PLAIN.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
};

/** As much of the beginning as so many cells hold; at least one character, so that whoever goes on with the rest comes to an end. */
export const beginning = (text: string, width: number): string => {
  if (PLAIN.test(text)) return text.slice(0, Math.max(1, width));
  const [first = "", ...others] = graphemes(text);
  let kept = first;
  let taken = cells(first);
  for (const one of others) {
    taken += cells(one);
    if (taken > width) break;
    kept += one;
  }
  return kept;
};

/** As much of the end as so many cells hold. */
export const ending = (text: string, width: number): string => {
  let kept = "";
  for (const one of graphemes(text).toReversed()) {
    if (cells(one) + cells(kept) > width) break;
    kept = one + kept;
  }
  return kept;
};

/** With blanks behind it, as `padEnd` counted in cells. */
export const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - cells(text)));
