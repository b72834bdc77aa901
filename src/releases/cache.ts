import { link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { at } from "../ports/object.ts";

/** `$XDG_CACHE_HOME/kn-bootstrap/releases`, by default under `~/.cache`. It has the layout of `--manifests` and can be given to it. */
export const defaultCacheDir = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "kn-bootstrap", "releases");

/** Undefined: no such file. */
export const readIfThere = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(path);
  } catch (error) {
    if (at(error, "code") === "ENOENT" || at(error, "code") === "ENOTDIR") return undefined;
    throw error;
  }
};

/** Hands `place` a complete copy beside `path`, so that nobody, in whatever process, ever sees half a file. */
const beside = async (path: string, bytes: Uint8Array, place: (copy: string) => Promise<void>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(join(dirname(path), ".partial-"));
  try {
    const copy = join(folder, "file");
    await writeFile(copy, bytes);
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
