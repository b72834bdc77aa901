import { didYouMean } from "./similar.ts";

/** What somebody did wrong who wrote these lines of a configuration file, and what to write instead: two sentences. */
export interface LineMistake {
  readonly what: string;
  readonly remedy: string;
  /** What was meant as the value, where it can be told: it may be wrong itself. */
  readonly meant?: { readonly key: string; readonly value: string };
}

const KEY = /^([\w-]+)[ \t]*:(?:[ \t]+|$)/;
const TYPOGRAPHIC = /[“”„‟‘’‚‛«»]/;

/** Characters with which a YAML value means something, and what that is. */
const LEADING: Readonly<Record<string, string>> = {
  "{": "the beginning of a mapping",
  "*": "a reference to another place",
  "&": "the name of a place",
  "!": "a type",
  "%": "an order to the parser",
  "@": "a character of its own",
  "`": "a character of its own",
  "|": "the beginning of a block",
  ">": "the beginning of a block",
};

/**
 * Why one option's lines are no YAML. The first line begins at the left edge, the others belong to it: lists, and what is indented. `keys`:
 * those that there are.
 */
export const mistakeIn = (lines: readonly string[], keys: readonly string[]): LineMistake => {
  const [first = "", ...rest] = lines;
  const tab = lines.find((line) => /^ *\t/.test(line));
  if (tab !== undefined)
    return { what: "begins with a tab, which YAML does not take.", remedy: "Put blanks in its place." };
  const written = KEY.exec(first);
  if (!written) return withoutKey(first, keys);
  const key = written[1] ?? "";
  const value = first
    .slice(written[0].length)
    .replace(/\s+#.*$/, "")
    .trim();
  const inner = rest.map((line) => line.trim()).find((line) => KEY.test(line));
  if (inner !== undefined && value !== "")
    return {
      what: `is followed by ${JSON.stringify(inner)}, which is indented and so belongs to it.`,
      remedy: "Begin each option at the left edge.",
    };
  return { ...valueMistake(key, value), ...(/^["'[]/.test(value) ? {} : { meant: { key, value } }) };
};

const withoutKey = (first: string, keys: readonly string[]): LineMistake => {
  if (/^(---|\.\.\.)/.test(first))
    return {
      what: `begins another document with ${first.slice(0, 3)}.`,
      remedy: "Put all options into one, without such a line.",
    };
  if (TYPOGRAPHIC.test(first))
    return { what: "holds typographic quotes.", remedy: "Leave them out, or write straight ones." };
  if (/^-\s/.test(first))
    return {
      what: "is an item of a list, and belongs to no option.",
      remedy: "Write it like domain: apps.example.com, without a dash.",
    };
  const [, word = "", sign = ""] = /^["']?([\w-]+)["']?[ \t]*(=|:=|:|\s|$)/.exec(first) ?? [];
  if (word === "") return { what: "is no option: value.", remedy: "Write it like domain: apps.example.com." };
  const hint = keys.includes(word)
    ? `Write it like ${word}: ${first.replace(/^[^=:\s]+\s*[=:]*\s*/, "") || "VALUE"}.`
    : didYouMean(word, keys, "Write it like domain: apps.example.com.");
  return {
    what: sign.trim() === ":" ? "has no blank behind its colon." : `has no colon behind ${JSON.stringify(word)}.`,
    remedy: hint,
  };
};

const valueMistake = (key: string, value: string): Omit<LineMistake, "meant"> => {
  const quoted = `${key}: ${value.includes('"') ? `'${value.replaceAll("'", "''")}'` : `"${value}"`}`;
  const [lead = ""] = value;
  if (lead === "{" && value.startsWith("{{"))
    return {
      what: "has a template without quotes, and YAML takes {{ for the beginning of a mapping.",
      remedy: `Write ${quoted}.`,
    };
  if (/^["']/.test(value) && !new RegExp(`^${lead}.*${lead}$`, "s").test(value))
    return TYPOGRAPHIC.test(value)
      ? {
          what: "begins with a straight quote and ends with a typographic one.",
          remedy: "Leave the quotes out, or write straight ones.",
        }
      : {
          what: `has a ${lead} that is not closed.`,
          remedy: `Close it, or leave the quotes out: ${key}: ${value.replace(/^["']/, "")}.`,
        };
  if (lead === "[")
    return {
      what: "begins a list with [ that is not closed with ] in its line.",
      remedy: `Write it like ${key}: [a, b].`,
    };
  if (LEADING[lead])
    return {
      what: `has a value that begins with ${lead}, which YAML takes for ${LEADING[lead]}.`,
      remedy: `Put it in quotes: ${quoted}.`,
    };
  if (/:(\s|$)/.test(value))
    return { what: "has a second colon.", remedy: `Put the value in quotes, if it belongs there: ${quoted}.` };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(value))
    return { what: "holds a character that cannot be seen.", remedy: "Write it anew by hand." };
  return { what: "cannot be understood as option: value.", remedy: `Put the value in quotes: ${quoted}.` };
};
