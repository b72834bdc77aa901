/** A text as bytes without what writing adds, and where each byte came from. */
export interface View {
  readonly length: number;
  readonly bytes: Uint8Array;
  /** Of each byte: where its writing begins in the text's UTF-8, and where it ends. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

interface Rules {
  /** `\n`, `\x0a`, `\u0026`, `&amp;`, `'\''` are what they stand for; otherwise backslashes are left out and nothing else. */
  readonly escapes?: true;
  /** `%2F` is a slash. */
  readonly percents?: true;
}

export const [PERCENT, AMPERSAND, BACKSLASH] = [37, 38, 92] as const;
const [TAB, SPACE] = [9, 32] as const;
export const isBlank = (byte: number): boolean => byte === SPACE || (byte >= TAB && byte <= 13);

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const LONGEST_ENTITY = 10;

/**
 * The ways to read a text, each in time that grows with its length: as it stands; with the escapes of JSON, HTML, shells and our own undone; with
 * percent-encoding undone. White space is left out in all of them, since lines are wrapped anywhere.
 */
export const viewsOf = (source: Buffer): readonly View[] => [
  read(source, {}),
  ...(source.includes(BACKSLASH) || source.includes(AMPERSAND) ? [read(source, { escapes: true })] : []),
  ...(source.includes(PERCENT) ? [read(source, { percents: true })] : []),
];

const read = (source: Buffer, { escapes, percents }: Rules): View => {
  const bytes = new Uint8Array(source.length);
  const from = new Uint32Array(source.length);
  const to = new Uint32Array(source.length);
  let length = 0;
  const put = (byte: number, start: number, end: number): void => {
    if (isBlank(byte) || byte === BACKSLASH) return;
    bytes[length] = byte;
    from[length] = start;
    to[length++] = end;
  };
  for (let at = 0; at < source.length; ) {
    const byte = source[at] ?? 0;
    let next = at + 1;
    if (byte === BACKSLASH) {
      // However many times it was escaped.
      while (source[next] === BACKSLASH) next++;
      if (escapes) next = putEscape(source, next, (each, end) => put(each, at, end)) ?? next;
    } else if (byte === AMPERSAND && escapes) {
      const found = entityAt(source, at);
      for (const each of Buffer.from(found?.text ?? "&")) put(each, at, found?.end ?? next);
      next = found?.end ?? next;
    } else if (byte === PERCENT && percents && isHex(source, next, 2)) {
      put(hexAt(source, next, 2), at, at + 3);
      next = at + 3;
    } else {
      // A quote in the quotes of a shell.
      if (byte === QUOTE && escapes) next = quoteEnd(source, next) ?? next;
      put(byte, at, next);
    }
    at = next;
  }
  return { length, bytes, from, to };
};

const digitOf = (byte: number): number =>
  byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : Number.NaN;

/** NaN: so many digits do not stand there. */
const hexAt = (source: Buffer, at: number, length: number): number => {
  let value = 0;
  for (let here = at; here < at + length; here++) value = value * 16 + digitOf(source[here] ?? 0);
  return value;
};

const isHex = (source: Buffer, at: number, length: number): boolean => !Number.isNaN(hexAt(source, at, length));

const [QUOTE, BRACE, N, R, T, U, X] = [39, 123, 110, 114, 116, 117, 120] as const;

const quoteEnd = (source: Buffer, at: number): number | undefined => {
  let here = at;
  while (source[here] === BACKSLASH) here++;
  return here > at && source[here] === QUOTE && source[here + 1] === QUOTE ? here + 2 : undefined;
};

type Put = (byte: number, end: number) => void;

/** What follows the backslashes at `at`: the end of a line, `x0a`, `u0026`, `u{1f600}`. Returns where it ends; undefined: it is none. */
const putEscape = (source: Buffer, at: number, put: Put): number | undefined => {
  const letter = source[at];
  if (letter === N || letter === R || letter === T) return at + 1;
  if (letter === X && isHex(source, at + 1, 2)) {
    put(hexAt(source, at + 1, 2), at + 3);
    return at + 3;
  }
  if (letter !== U) return undefined;
  if (source[at + 1] !== BRACE) return putUnit(source, at, put);
  const [all = "", digits = ""] = /^\{([0-9a-f]{1,6})\}/i.exec(source.toString("latin1", at + 1, at + 9)) ?? [];
  return all === "" ? undefined : putCharacter(Number.parseInt(digits, 16), at + 1 + all.length, put);
};

const putCharacter = (code: number, end: number, put: Put): number => {
  for (const byte of Buffer.from(characterOf(code))) put(byte, end);
  return end;
};

const characterOf = (code: number): string => (code > 0x10ffff ? "" : String.fromCodePoint(code));

/** `u0026` at `at`, or the two halves of a character beyond the first plane. Returns where it ends; undefined: it is none. */
const putUnit = (source: Buffer, at: number, put: Put): number | undefined => {
  if (!isHex(source, at + 1, 4)) return undefined;
  const first = hexAt(source, at + 1, 4);
  let low = at + 5;
  while (source[low] === BACKSLASH) low++;
  const isPair = first >= 0xd800 && first < 0xdc00 && low > at + 5 && source[low] === 117 && isHex(source, low + 1, 4);
  const end = isPair ? low + 5 : at + 5;
  const text = isPair ? String.fromCharCode(first, hexAt(source, low + 1, 4)) : String.fromCharCode(first);
  for (const byte of Buffer.from(text)) put(byte, end);
  return end;
};

const entityAt = (source: Buffer, at: number): { readonly text: string; readonly end: number } | undefined => {
  const piece = source.toString("latin1", at, at + LONGEST_ENTITY);
  const [all = "", name = "", decimal, hex] = /^&(?:([a-z]{2,4})|#(\d{1,6})|#x([0-9a-f]{1,5}));/i.exec(piece) ?? [];
  if (all === "") return undefined;
  const text =
    decimal || hex ? characterOf(decimal ? Number(decimal) : Number.parseInt(hex ?? "", 16)) : ENTITIES[name];
  return text === undefined ? undefined : { text, end: at + all.length };
};
