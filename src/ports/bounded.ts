import { createReadStream } from "node:fs";

/** An input is larger than its limit. The message continues a sentence that begins with "it is". */
export class TooMuch extends Error {
  readonly code = "ERR_TOO_MUCH";
  constructor(most: number, what = "") {
    super(`larger than ${sizeOf(most)}${what}`);
    this.name = "TooMuch";
  }
}

const UNITS = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

/** `1.5 GiB`, `32 MiB`, `64 KiB`, `100 bytes`. */
export const sizeOf = (bytes: number): string => {
  const [unit, size] = UNITS.find(([, least]) => bytes >= least) ?? ["bytes", 1];
  return `${Math.round((bytes / size) * 10) / 10} ${unit}`;
};

/** All that comes from a file, a process or the network, up to `most` bytes. Throws {@link TooMuch}, and then the source is closed. */
export const collect = async (source: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > most) throw new TooMuch(most);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

/** A text file of at most `most` bytes, default 1 MiB. Rejects as the file system does, or with {@link TooMuch}. */
export const textOf = async (path: string, most = 2 ** 20): Promise<string> =>
  (await collect(createReadStream(path), most)).toString("utf8");

/**
 * The lines of a stream of texts, without the empty ones. Each character is looked at once, however a line is cut into pieces. Throws {@link TooMuch}
 * for a line of more than `most` characters.
 */
export async function* linesOf(source: AsyncIterable<string>, most: number): AsyncGenerator<string, void, undefined> {
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of source) {
    const [first = "", ...others] = chunk.split("\n");
    for (const [index, part] of [first, ...others].entries()) {
      if (index > 0) {
        if (length > 0) yield pieces.join("");
        pieces = [];
        length = 0;
      }
      length += part.length;
      if (length > most) throw new TooMuch(most);
      if (part !== "") pieces.push(part);
    }
  }
}

/**
 * The lines of a stream of texts, without the empty ones; of one that is longer than `most` characters its beginning. Of a stream that fails the
 * last one may be cut, and is left out.
 */
export async function* beginningsOf(
  source: AsyncIterable<string>,
  most: number,
): AsyncGenerator<string, void, undefined> {
  let line = "";
  for await (const chunk of source) {
    const parts = chunk.split("\n");
    for (const [index, part] of parts.entries()) {
      if (line.length < most) line += part.slice(0, most - line.length);
      if (index === parts.length - 1) continue;
      if (line !== "") yield line;
      line = "";
    }
  }
  if (line !== "") yield line;
}
