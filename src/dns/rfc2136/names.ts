/**
 * Domain names between text and wire (RFC 1035 3.1, 4.1.4, 5.1). Our own, because dns-packet takes a dot or a backslash
 * inside a label for a separator and never unescapes: such a name, read and sent back, would be another one.
 */

/** The name cannot be one: a label over 63 bytes, over 255 in all, an empty label, or characters beyond ASCII. */
export class BadName extends Error {
  constructor(name: string, why: string) {
    super(`"${name}" is no domain name: ${why}`);
    this.name = "BadName";
  }
}

const MOST_LABEL = 63;
const MOST_NAME = 255;
const POINTER = 0xc0;
const DOT = 0x2e;

/**
 * Absolute, a trailing dot or none; `\.`, `\\` and `\DDD` are understood. The root is the empty text. Throws {@link
 * BadName}.
 */
export const encodeName = (name: string): Buffer => {
  const labels: number[][] = [[]];
  for (const [unit, code, escaped] of name.matchAll(/\\(\d{3})|\\?(.)/gsu)) {
    if (unit === ".") labels.push([]);
    else {
      const byte = code === undefined ? (escaped ?? "").codePointAt(0) : Number(code);
      if (byte === undefined || byte > 255 || (code === undefined && byte > 127))
        throw new BadName(name, "it has characters beyond ASCII; write its labels as xn--…");
      labels.at(-1)?.push(byte);
    }
  }
  if (labels.at(-1)?.length === 0) labels.pop();
  if (name === ".") labels.pop();
  if (labels.some(({ length }) => length === 0)) throw new BadName(name, "a label is empty");
  if (labels.some(({ length }) => length > MOST_LABEL)) throw new BadName(name, "a label is longer than 63 bytes");
  const wire = Buffer.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
  if (wire.length > MOST_NAME) throw new BadName(name, "it is longer than 255 bytes");
  return wire;
};

const character = (byte: number): string => {
  if (byte === DOT) return "\\.";
  const plain = byte < 0x80 ? String.fromCharCode(byte) : "";
  return /^[\w*-]$/.test(plain) ? plain : `\\${String(byte).padStart(3, "0")}`;
};

/**
 * The name that begins at `at`, in the case it has, and where it ends. Throws RangeError when the message is cut off or
 * its pointers do not lead backwards, or when the name is longer than one can be.
 */
export const readName = (message: Buffer, at: number): { readonly name: string; readonly end: number } => {
  const labels: string[] = [];
  let size = 1;
  let end: number | undefined;
  let position = at;
  let first = at;
  for (let length = message.readUInt8(position); length !== 0; length = message.readUInt8(position)) {
    if ((length & POINTER) === POINTER) {
      const target = message.readUInt16BE(position) & 0x3fff;
      end ??= position + 2;
      if (target >= first) throw new RangeError("a compression pointer that does not lead backwards");
      first = target;
      position = target;
    } else {
      if (length > MOST_LABEL || position + 1 + length >= message.length)
        throw new RangeError("a label that is cut off");
      size += 1 + length;
      if (size > MOST_NAME) throw new RangeError("a name of more than 255 bytes");
      labels.push([...message.subarray(position + 1, position + 1 + length)].map(character).join(""));
      position += 1 + length;
    }
  }
  return { name: labels.join("."), end: end ?? position + 1 };
};
