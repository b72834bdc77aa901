import { join } from "node:path";
import { at, type KubeObject } from "../ports/object.ts";
import { readOwn, writeWhole } from "./cache.ts";
import { sha256 } from "./digest.ts";

/** Another one for each change of what `parseManifest` makes of the same bytes. */
export const PARSER = 1;

/**
 * What `parse` makes of the bytes with this digest. It is kept in the cache, as parsing costs more than all else that a second run does: a
 * line with the sha256 of the rest, and JSON. A copy that is damaged, somebody else's, or of another parser, counts for nothing, and so
 * does a cache that cannot be written.
 */
export const parsedOnce = async (
  cacheDir: string,
  digest: string,
  parse: () => readonly KubeObject[],
): Promise<readonly KubeObject[]> => {
  const path = join(cacheDir, ".parsed", `${digest}.${PARSER}.json`);
  const kept = await keptIn(path, cacheDir, digest).catch(() => undefined);
  if (kept) return kept;
  const text = JSON.stringify({ parser: PARSER, source: digest, objects: parse() });
  await writeWhole(path, Buffer.from(`${sha256(Buffer.from(text))}\n${text}`)).catch(() => undefined);
  // What is used is what is kept; and texts that the parser cut out of the file would keep all of the file in memory.
  return JSON.parse(text).objects;
};

const keptIn = async (path: string, cacheDir: string, digest: string): Promise<readonly KubeObject[] | undefined> => {
  const bytes = await readOwn(path, cacheDir);
  const end = bytes?.indexOf("\n") ?? 0;
  const text = bytes?.subarray(end + 1);
  if (!bytes || !text || bytes.toString("latin1", 0, end) !== sha256(text)) return undefined;
  const kept: unknown = JSON.parse(text.toString());
  const isMeant = at(kept, "parser") === PARSER && at(kept, "source") === digest;
  return isMeant ? (at(kept, "objects") as readonly KubeObject[]) : undefined;
};
