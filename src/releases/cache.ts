import { createReadStream, type Stats } from "node:fs";
import { constants, link, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { geteuid } from "node:process";
import { collect } from "../ports/bounded.ts";
import { at } from "../ports/object.ts";

/** `$XDG_CACHE_HOME/kn-bootstrap/releases`, by default under `~/.cache`. It has the layout of `--manifests` and can be given to it. */
export const defaultCacheDir = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "kn-bootstrap", "releases");

const absentAsUndefined = (error: unknown): undefined => {
  if (at(error, "code") === "ENOENT" || at(error, "code") === "ENOTDIR") return undefined;
  throw error;
};

/** As much as a download may have, and twice that for the objects made of it. */
const MOST = 64 * 2 ** 20;

/** Undefined: no such file. Rejects with TooMuch beyond 64 MiB. */
export const readIfThere = (path: string): Promise<Uint8Array | undefined> =>
  collect(createReadStream(path), MOST).catch(absentAsUndefined);

/** Not ours, or open to a group or to all. Windows does not say. */
const othersMayWrite = ({ uid, mode }: Stats): boolean =>
  geteuid !== undefined && (uid !== geteuid() || (mode & 0o022) !== 0);

/** From `root` down to the folder of `path`. */
const foldersOf = (path: string, root: string): readonly string[] => {
  const folder = dirname(path);
  return folder === root || relative(root, folder).startsWith("..") ? [root] : [...foldersOf(folder, root), folder];
};

/**
 * A file below `root` that nobody but us can have written. Undefined: no such file.
 * @throws Error that says who else could
 */
export const readOwn = async (path: string, root: string): Promise<Buffer | undefined> => {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(absentAsUndefined);
  try {
    const places = await Promise.all([
      ...foldersOf(path, root).map(async (place) => ({ place, stats: await stat(place).catch(absentAsUndefined) })),
      // What is read is what was looked at.
      ...(file ? [file.stat().then((stats) => ({ place: path, stats }))] : []),
    ]);
    for (const { place, stats } of places)
      if (stats && othersMayWrite(stats)) throw new Error(`${place} can be written by others, so it is not trusted`);
    return file && (await collect(file.createReadStream({ autoClose: false }), MOST));
  } finally {
    await file?.close();
  }
};

/** Hands `place` a complete copy beside `path`, so that nobody, in whatever process, ever sees half a file. */
const beside = async (path: string, bytes: Uint8Array, place: (copy: string) => Promise<void>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dirname(path), ".partial-"));
  try {
    const copy = join(folder, "file");
    await writeFile(copy, bytes, { mode: 0o600 });
    await place(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Replaces what is there. */
export const writeWhole = (path: string, bytes: Uint8Array): Promise<void> =>
  beside(path, bytes, (copy) => rename(copy, path));

/** The first writer wins. @returns what the file holds now */
export const writeOnce = async (path: string, bytes: Uint8Array): Promise<Uint8Array> => {
  await beside(path, bytes, async (copy) => {
    await link(copy, path).catch((error: unknown) => {
      if (at(error, "code") !== "EEXIST") throw error;
    });
  });
  return readFile(path);
};
