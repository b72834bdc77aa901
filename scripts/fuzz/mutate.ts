import type { Chance } from "./chance.ts";

export const bytesOf = (chance: Chance, most: number): Buffer =>
  Buffer.from(Array.from({ length: chance.below(most + 1) }, () => chance.below(256)));

/** Values at which counts, lengths and pointers go wrong. */
const EDGES = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xc0, 0xff] as const;

/** Bytes, changed in one to four places. */
export const mutated = (chance: Chance, original: Buffer): Buffer => {
  let bytes: Buffer = Buffer.from(original);
  for (let times = 1 + chance.below(4); times > 0 && bytes.length > 0; times -= 1) {
    const at = chance.below(bytes.length);
    const length = 1 + chance.below(Math.min(64, bytes.length - at));
    switch (chance.below(6)) {
      case 0:
        bytes[at] = chance.pick(EDGES);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytesOf(chance, 16), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    }
  }
  return bytes;
};

/** Letters that mean something to somebody, and some that nobody expects. */
const ALPHABET = [
  ..."abzAZ059 .-_:/\\\"'`$(){}[]<>#&*!|>%@,;=+?~^\n\r\t\0\x1b\x7f",
  "é",
  "ß",
  "漢",
  "😀",
  "\u202e",
  "\ufeff",
  "\u2028",
  "\ud800",
] as const;

export const textOf = (chance: Chance, most: number, letters: readonly string[] = ALPHABET): string =>
  Array.from({ length: chance.below(most + 1) }, () => chance.pick(letters)).join("");

/** A text, changed in one to four places; `words` are put in. */
export const mutatedText = (chance: Chance, original: string, words: readonly string[] = ALPHABET): string => {
  let text = original;
  for (let times = 1 + chance.below(4); times > 0; times -= 1) {
    const at = chance.below(text.length + 1);
    const length = chance.below(Math.min(40, text.length - at) + 1);
    const insert = chance.below(3) === 0 ? textOf(chance, 6) : chance.pick(words);
    switch (chance.below(4)) {
      case 0:
        text = text.slice(0, at) + insert + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 2:
        text = text.slice(0, at) + insert + text.slice(at + length);
        break;
      default:
        text = text.slice(0, at + length) + text.slice(at);
    }
  }
  return text;
};

/** A JSON value: what an answer may hold where something else belongs. */
export const jsonOf = (chance: Chance, depth = 3): unknown => {
  switch (chance.below(depth > 0 ? 12 : 9)) {
    case 0:
      return null;
    case 1:
      return chance.below(2) === 0;
    case 2:
      return chance.pick([0, -1, 1.5, 1e308, 2 ** 53, 404, 200]);
    case 3:
    case 4:
      return textOf(chance, 12);
    case 5:
      return "x".repeat(chance.pick([0, 100, 20_000]));
    case 6:
      return { toString: 1 };
    case 7:
      return chance.pick([
        "2030-01-01T00:00:00Z",
        "soon",
        "https://ca.example/1",
        "http://ca.example",
        "dns",
        "valid",
        "pending",
      ]);
    case 8:
      return [];
    case 9:
      return Array.from({ length: chance.below(4) }, () => jsonOf(chance, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: chance.below(4) }, () => [
          chance.pick(["a", "type", "__proto__", "constructor", "name", "value"]),
          jsonOf(chance, depth - 1),
        ]),
      );
  }
};

/** A JSON value in which one to three parts, wherever they stand, are something else. */
export const disturbed = (chance: Chance, original: unknown): unknown => {
  let value = structuredClone(original);
  for (let times = 1 + chance.below(3); times > 0; times -= 1) value = replacedIn(chance, value);
  return value;
};

const replacedIn = (chance: Chance, value: unknown): unknown => {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0 || chance.below(5) === 0) return jsonOf(chance);
  const [key, inner] = chance.pick(entries);
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replacedIn(chance, item) : item));
  const rest = entries.filter(([other]) => other !== key || chance.below(6) > 0);
  return Object.fromEntries(rest.map(([other, item]) => [other, other === key ? replacedIn(chance, inner) : item]));
};
