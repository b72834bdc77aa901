import fc from "fast-check";

/** A way to write a secret that tools have. `around` may stand before it in the same encoding. */
export type Encoding = (secret: string, around: string) => string;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const lines = (text: string, columns: number, end: string): string =>
  (text.match(new RegExp(`[\\s\\S]{1,${columns}}`, "g")) ?? []).join(end);

export const ENCODINGS: Readonly<Record<string, Encoding>> = {
  raw: (secret) => secret,
  quoted: (secret) => JSON.stringify(secret),
  "quoted twice": (secret) => JSON.stringify(JSON.stringify(secret)),
  "quoted by Go": (secret) =>
    JSON.stringify(secret).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`),
  "quoted in ASCII": (secret) =>
    JSON.stringify(secret).replace(/[^ -~]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`),
  base64,
  "base64 behind something": (secret, around) => base64(`${around}${secret}${around}`),
  base64url: (secret, around) => Buffer.from(`${around}${secret}`).toString("base64url"),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  "upper-case hex": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "hex with colons": (secret) =>
    Buffer.from(secret)
      .toString("hex")
      .replace(/..(?=.)/g, "$&:"),
  "percent-encoded": encodeURIComponent,
  "a field of a form": (secret) => new URLSearchParams({ x: secret }).toString(),
  "every byte percent-encoded": (secret) =>
    [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  "escaped for HTML": (secret) => secret.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`),
  "quoted for a shell": (secret, around) =>
    `'${`${around}${secret}`.replaceAll("'", "'\\\\''")}'`.replaceAll("\\\\", "\\"),
  "spelled out": (secret) =>
    [...Buffer.from(secret)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  "wrapped at 64": (secret, around) => lines(base64(around + secret), 64, "\n"),
  "wrapped at 76": (secret, around) => lines(base64(around + secret), 76, "\r\n"),
  "over two lines": (secret) => lines(secret, Math.ceil(secret.length / 2), "\n"),
  "on short lines, escaped": (secret) => JSON.stringify(lines(secret, 5, "\n")),
};

const characters = [
  ..."abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789",
  ...`!#$%&'()*+,-./:;<=>?@[]^_{|}~"`,
];

/** Random passwords and tokens, from short ones to long ones; with a digit, so that they are no words. */
export const anySecret: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.string({ unit: fc.constantFrom(...characters), minLength: 7, maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...characters.slice(0, 58)), minLength: 20, maxLength: 300 }),
      fc.uint8Array({ minLength: 16, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("base64")),
      fc.string({ unit: fc.constantFrom("ä", "ß", "日", "a", "b", "7"), minLength: 8, maxLength: 30 }),
    ),
    fc.constantFrom("4f", "X7", "q9"),
  )
  .map(([text, more]) => `${more}${text}${more}`);

export const anyEncoding: fc.Arbitrary<readonly [string, Encoding]> = fc.constantFrom(...Object.entries(ENCODINGS));

const undone = (text: string): string =>
  text
    .replaceAll("'\\''", "'")
    .replace(/(?:\\x[0-9a-f]{2})+/gi, (all) => Buffer.from(all.replaceAll("\\x", ""), "hex").toString())
    .replace(/\\+u([0-9a-f]{4})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replace(/&amp;/g, "&")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/\\+[nrt]/g, "");

const percentUndone = (text: string): string => {
  const bytes = text.replace(/(?:%[0-9a-f]{2})+/gi, (all) => Buffer.from(all.replaceAll("%", ""), "hex").toString());
  return bytes;
};

const bare = (text: string): string => text.replace(/[\s\\]+/g, "");

/**
 * Whether somebody who has the text can read the secret off it, by undoing what tools do: judged on its own, not by the code under
 * test. Eight bytes in a row of a long one count as the secret.
 */
export const isReadable = (text: string, secret: string): boolean => {
  const wanted = bare(secret);
  const pieces =
    wanted.length <= 16
      ? [wanted]
      : Array.from({ length: wanted.length - 15 }, (_each, at) => wanted.slice(at, at + 16));
  const readings = [text, undone(text), percentUndone(text)].map(bare);
  if (pieces.some((piece) => readings.some((reading) => reading.includes(piece)))) return true;
  return readings.some((reading) =>
    decodings(reading).some((decoded) => pieces.some((piece) => bare(decoded).includes(piece))),
  );
};

/** What every run of base64 and hex in a text says, at each alignment. */
const decodings = (text: string): readonly string[] => [
  ...(text.match(/[\w+/-]{8,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((skip) =>
      Buffer.from(run.slice(skip).replaceAll("-", "+").replaceAll("_", "/"), "base64").toString(),
    ),
  ),
  ...(text.match(/(?:[0-9a-f]{2}:?){8,}/gi) ?? []).flatMap((run) =>
    [0, 1].map((skip) => Buffer.from(run.replaceAll(":", "").slice(skip), "hex").toString()),
  ),
];
