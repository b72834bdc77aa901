/**
 * Characters that show nothing or move others: control and format characters (bidi among them), line and paragraph separators, lone
 * surrogates, everything that is ignorable by default (Unicode, DerivedCoreProperties).
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
};

/** The same text with every such character written out: `\x1b`, `\u202e`. Line ends as well: `\x0a`. */
export const spelled = (text: string): string => text.replace(UNSEEN, escaped);

/** The same, line by line: for texts whose line ends are ours. */
export const spelledLines = (text: string): string =>
  text.replace(UNSEEN, (character) => (character === "\n" ? character : escaped(character)));

/** A text from outside as one line of ours: its own lines are folded, and what cannot be seen is written out. */
export const visible = (text: string): string =>
  spelled(
    /[\n\t]/.test(text)
      ? text
          .replace(/\r?\n[\t\r\n ]*/g, " ")
          .replaceAll("\t", " ")
          .trimEnd()
      : text,
  );

/**
 * What is done about line ends. Those of commands and of lines to copy are ours; those of values that differ or were seen are a part of
 * them, and whatever stands in such a value is called as somebody else likes.
 */
type LineEnds = "folded" | "kept" | "spelled";
const BY_FIELD: ReadonlyMap<string, LineEnds> = new Map([
  ["command", "kept"],
  ["lines", "kept"],
  ["from", "spelled"],
  ["to", "spelled"],
  ["observed", "spelled"],
  ["expected", "spelled"],
]);
const WAYS: Readonly<Record<LineEnds, (text: string) => string>> = {
  folded: visible,
  kept: spelledLines,
  spelled,
};

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));

/**
 * Data for people and programs with every text in it visible, names of fields too. What needs no change is returned as it is.
 */
export const visibleData = <T>(value: T, ends: LineEnds = "folded"): T => {
  if (typeof value === "string") return WAYS[ends](value) as T;
  if (Array.isArray(value)) {
    const items = value.map((item) => visibleData(item, ends));
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  if (!isPlain(value)) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, inner]) => {
    const within = ends === "spelled" ? ends : (BY_FIELD.get(key) ?? "folded");
    const entry = [spelled(key), visibleData(inner, within)] as const;
    changed ||= entry[0] !== key || entry[1] !== inner;
    return entry;
  });
  return changed ? (Object.fromEntries(entries) as T) : value;
};
