import { spelled, spelledLines } from "./visible.ts";

declare const made: unique symbol;

/** A command for a POSIX shell that is safe to paste. Only {@link sh} and {@link joined} make one; it is its text. */
export type ShellCommand = string & { readonly [made]: "command" };
/** Lines to copy to another place than a shell: records for a zone file, YAML, settings. Only {@link lines} makes them. */
export type Lines = string & { readonly [made]: "lines" };
export type ToCopy = ShellCommand | Lines;

/** A word whose end is the value of a variable when the command runs: `--from-literal=KEY="$KEY"`. */
export interface FromVariable {
  readonly before: string;
  readonly variable: string;
}
/** One word of a command, or several: those of a list may be options. */
export type Words = string | number | FromVariable | readonly (string | FromVariable)[];
/** A command cannot be a word of another one; {@link joined} combines commands. */
type Word<T> = T extends ToCopy ? never : T;

const PLAIN = /^[\w@%+:,./-][\w@%+=:,./-]*$/;

/** One word for a POSIX shell (XCU 2.2.2). What cannot be seen stands in it written out, so that a line of ours stays a line. */
export const quoted = (word: string): string => {
  const seen = spelled(word);
  return PLAIN.test(seen) ? seen : `'${seen.replaceAll("'", "'\\''")}'`;
};

/**
 * A command from its text and its values: sh`kubectl get pods -n ${namespace}`. Every value becomes one word or a part of one, whatever
 * is in it; a list becomes several words, an empty one none. A word of one value that begins with `-` would be an option itself: its
 * `-` is written out, and the program finds nothing under that name; a list may hold options. No value may stand between quotes.
 */
export const sh = <const T extends readonly Words[]>(
  template: TemplateStringsArray,
  ...values: { readonly [K in keyof T]: Word<T[K]> }
): ShellCommand => {
  let command = template[0] ?? "";
  values.forEach((value: Words, index) => {
    const before = isList(value) && value.length === 0 ? command.replace(/ $/, "") : command;
    command = before + wordsOf(value, command) + template[index + 1];
  });
  return command as ShellCommand;
};

const wordOf = (word: string | FromVariable): string => {
  if (typeof word === "string") return quoted(word);
  if (!/^[A-Za-z_]\w*$/.test(word.variable)) throw new Error(`${word.variable} is no variable of a shell`);
  return `${word.before === "" ? "" : quoted(word.before)}"$${word.variable}"`;
};

const isList = (value: Words): value is readonly (string | FromVariable)[] => Array.isArray(value);

const wordsOf = (value: Words, before: string): string => {
  if (isList(value)) return value.map(wordOf).join(" ");
  if (typeof value === "object") return wordOf(value);
  const word = String(value);
  return /^-/.test(word) && /\s$/.test(before) ? quoted(`\\x2d${word.slice(1)}`) : quoted(word);
};

/** A file as an operand: one that begins with `-` is no option. */
export const fileWord = (path: string): string => (path.startsWith("-") ? `./${path}` : path);

/** An option of ours with its value; in one word where the value would be taken for the next option. */
export const option = (name: string, value: string): readonly string[] =>
  value.startsWith("-") ? [`${name}=${value}`] : [name, value];

/** kubectl's `-n`, where there is a namespace. */
export const inNamespace = (namespace: string | undefined): readonly string[] => (namespace ? ["-n", namespace] : []);

/** Several commands as one text: one after the other, one if the last did not fail, one reading the other, each on its own line. */
export const joined = <T extends ToCopy>(by: " && " | "; " | " | " | "\n", commands: readonly T[]): T =>
  commands.join(by) as T;

/**
 * Lines whose values were written as their own format wants it. What a shell would act on stays without effect when they are pasted there
 * by mistake: outside of double quotes it is written out, and inside of them as well.
 */
export const lines = (text: string): Lines =>
  spelledLines(text).replace(/"[^"\n]*"|[^"]/g, (part) =>
    part.length > 1 ? part.replace(/[$`]/g, hex) : part.replace(ACTIVE, hex),
  ) as Lines;

const ACTIVE = /[$`;&|<>]/g;
const hex = (character: string): string => `\\x${character.charCodeAt(0).toString(16)}`;

/** The same command with each word changed by a function, such as a mask. One word stays one word. */
export const withWords = (command: string, change: (word: string) => string): string =>
  command
    .split(/('[^']*'(?:\\''[^']*')*)/)
    .map((part, index) =>
      index % 2 === 1
        ? again(part, change, part.slice(1, -1).replaceAll("'\\''", "'"))
        : part.replace(/[^\s"]+/g, (word) => again(word, change, word)),
    )
    .join("");

const again = (as: string, change: (word: string) => string, word: string): string => {
  const changed = change(word);
  return changed === word ? as : quoted(changed);
};
