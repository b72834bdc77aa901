import { isSecretName } from "./keys.ts";
import type { Part } from "./part.ts";

const NAME = /[A-Za-z0-9_.-]+/g;
/** Longer words are no names. */
const LONGEST_NAME = 100;

/** Between a name and its value. Every quantifier has an end, so that a miss costs the same anywhere. */
const SEPARATOR = /\\{0,3}["']?[ \t]{0,8}(=>|:=|=|:)[ \t]{0,8}\[?/y;
/** An entry of a container's environment. */
const ENTRY = /\\{0,3}["']?,?\s{0,40}\\{0,3}["']?value\\{0,3}["']?[ \t]{0,8}(:)[ \t]{0,8}/y;
const ELEMENT = /(>)/y;

/** What stands for a value that is not said. */
const PLACEHOLDER =
  /^(?:…|\.{3}|<[^>]*>?|\$[({]*[\w.]*[)}]*|%[sv]|\*+|\[redacted\]?|true|false|null|nil|none|yes|no|\d{1,5}|)$/i;
/** Most texts have none of the words that names of secrets end in. */
const SIGNS = /token|pass|pwd|key|secret|cookie|authorization|signature/i;
const LINE_REST = /[ \t]*(?:\r?\n|\\+n|$)/y;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** `TOKEN=…`, `password: …`, `"client_secret": "…"`, `--token …`: values that stand next to the name of a secret. */
export function* namedSecrets(text: string): Generator<Part> {
  if (!SIGNS.test(text)) return;
  let done = 0;
  for (const { index, 0: name } of text.matchAll(NAME)) {
    const end = index + name.length;
    if (index < done || name.length > LONGEST_NAME || !isSecretName(name)) continue;
    // The last part of a path.
    if (text[index - 1] === "/") continue;
    const part = valueAfter(text, index, end);
    if (!part || part.to <= part.from) continue;
    yield part;
    done = part.to;
  }
}

const valueAfter = (text: string, start: number, end: number): Part | undefined => {
  if (text[start - 1] === "<") return element(text, end);
  const entry = matchAt(ENTRY, text, end);
  if (entry) return value(text, end + entry[0].length, ":", start);
  const separator = matchAt(SEPARATOR, text, end);
  if (separator) return value(text, end + separator[0].length, separator[1] ?? "", start);
  // An argument of its own.
  return text.startsWith("--", start) && text[end] === " " ? value(text, end + 1, " ", start) : undefined;
};

const element = (text: string, end: number): Part | undefined => {
  const found = matchAt(ELEMENT, text, end);
  const close = found ? text.indexOf("<", end) : -1;
  return close < 0 ? undefined : { from: end + 1, to: close };
};

const value = (text: string, from: number, separator: string, start: number): Part | undefined =>
  quoted(text, from) ?? bare(text, from, separator, isAssignment(text, start));

/** To the quote that ends it, or, where the text was cut off, to its end. */
const quoted = (text: string, from: number): Part | undefined => {
  const open = matchAt(/(\\{0,3})(["'])/y, text, from);
  if (!open) return undefined;
  const [all, escapes = "", quote = ""] = open;
  const begin = from + all.length;
  for (let at = text.indexOf(quote, begin); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > begin && text[at - slashes - 1] === "\\") slashes++;
    if (escapes === "" ? slashes % 2 === 0 : slashes <= escapes.length)
      return unlessPlaceholder(text, { from: begin, to: at - (escapes === "" ? 0 : slashes) });
  }
  return unlessPlaceholder(text, { from: begin, to: text.length });
};

/** `NAME=…` of a shell: what follows may hold commas and semicolons. */
const isAssignment = (text: string, start: number): boolean =>
  /(?:^|\s)$/.test(text.slice(Math.max(0, start - 1), start));

const bare = (text: string, from: number, separator: string, assigned: boolean): Part | undefined => {
  const pattern = separator === "=" && assigned && text[from - 1] === "=" ? /[^\s"']+/y : /[^\s&"',;)}\]<>]+/y;
  const found = matchAt(pattern, text, from)?.[0];
  if (!found) return undefined;
  const to = from + found.length;
  if (separator === "=" || separator === ":=" || separator === "=>") return unlessPlaceholder(text, { from, to });
  // In a sentence a colon or a space is followed by words.
  const isRest = separator === " " || text[from - 1] === ":" || matchAt(LINE_REST, text, to) !== null;
  return isRest && looksRandom(found) ? unlessPlaceholder(text, { from, to }) : undefined;
};

const looksRandom = (text: string): boolean => text.length >= 6 && !/^(?:[A-Z]?[a-z]+|[A-Z]+)[.!]?$/.test(text);

const unlessPlaceholder = (text: string, part: Part): Part | undefined =>
  part.to - part.from < 64 && PLACEHOLDER.test(text.slice(part.from, part.to)) ? undefined : part;
