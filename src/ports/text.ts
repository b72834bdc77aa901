/** Text that others wrote, at the place where it comes in. */

/** Bytes that are no text. The message goes on from "it …". */
export class NoText extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoText";
  }
}

const MARKS: readonly (readonly [mark: readonly number[], encoding: string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/** The text of a file, without its byte order mark: UTF-8, or UTF-16 as Windows writes it, with one. Throws {@link NoText}. */
export const decodeText = (bytes: Uint8Array): string => {
  const encoding = MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte))?.[1] ?? "utf-8";
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new NoText(`is not written in ${encoding.toUpperCase().replace(/[LB]E$/, "")}`);
  }
  if (text.includes("\0")) throw new NoText("holds characters that no text has: perhaps it is UTF-16 without its mark");
  return text;
};

/** Why a value cannot go into a header, with the value as "it"; undefined: it can. Source: golang.org/x/net/http/httpguts, ValidHeaderFieldValue. */
export const headerProblem = (value: string): string | undefined => {
  if (/[\r\n]/.test(value)) return "it holds a line end";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(value) ? "it holds a control character" : undefined;
};

/** A text as Node's http writes its UTF-8: it takes each character for one byte. */
export const asHeader = (value: string): string => Buffer.from(value, "utf8").toString("latin1");

/**
 * Whether somebody was to put something else in its place: what kubectl config view shows for a secret (`REDACTED`, `DATA+OMITTED`), and what
 * guides and templates write (`<token>`, `${TOKEN}`, `{{ token }}`, `***`).
 */
export const isPlaceholder = (value: string): boolean =>
  /^(?:DATA\+OMITTED|\[?REDACTED\]?|<[^<>]*>|\$\{[^}]*\}|\{\{.*\}\}|\*{3,}|\.{3,}|…)$/i.test(value.trim());
