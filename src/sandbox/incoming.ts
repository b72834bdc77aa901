import type { IncomingMessage } from "node:http";

/** By lower-case name; of several with one name, a list. */
export function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const found = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(",") : value] as const],
  );
  return Object.fromEntries(found);
}

/** Rejects with RangeError beyond `most` bytes. */
export async function readBody(incoming: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new RangeError("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
