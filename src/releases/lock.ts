import { join } from "node:path";
import { messageOf, UserError } from "../ports/error.ts";
import { at } from "../ports/object.ts";
import { fileWord, sh } from "../ports/shell.ts";
import type { Source, SourceOptions } from "./bytes.ts";
import { readOwn, writeOnce } from "./cache.ts";
import { versionOf } from "./catalog.ts";
import { parseChecksums } from "./digest.ts";

/** The digests that hold for a version which the catalog does not know. */
export interface Lock {
  /** The file that says so. */
  readonly path: string;
  readonly digests: ReadonlyMap<string, string>;
}

const unverified = (options: SourceOptions, what: string, cause?: unknown): UserError =>
  new UserError({
    id: "release.unverified",
    what,
    why: "This version is not among those that kn-bootstrap knows, so it has to be checked against the digests that come with the release.",
    remedy: {
      text: "Choose a known minor:",
      command: sh`kn-bootstrap install --knative-version ${options.catalog.minors.at(-1) ?? "MINOR"}`,
    },
    kind: "input",
    cause,
  });

const unwritable = (path: string, cause: unknown): UserError =>
  new UserError({
    id: "release.cache",
    what: `${path} cannot be used: ${messageOf(cause)}`,
    why: "The digests of a version that kn-bootstrap does not know are pinned there on first use, so that later runs get the same files.",
    remedy: {
      text: "Name a directory that can be written:",
      command: sh`XDG_CACHE_HOME="$PWD/.cache" kn-bootstrap install`,
    },
    kind: "failed",
    cause,
  });

/**
 * On first use the release's own list of digests is kept in the cache; that copy is the lock, and whatever comes later has to
 * agree with it. (That the list itself is signed, by cosign, is not checked.)
 * @param raw source of the list
 * @throws UserError `release.unverified`, `release.lock` (exit 2), `release.cache` (exit 1), and what `raw` throws
 */
export const lockOf = async (options: SourceOptions, raw: Source, component: string): Promise<Lock> => {
  const { cacheDir, catalog, release, manifests } = options;
  const version = versionOf(release, component);
  const path = join(cacheDir, component, version, catalog.checksums);
  const digestsOf = (bytes: Uint8Array): ReadonlyMap<string, string> => parseChecksums(new TextDecoder().decode(bytes));
  const refuse = (error: unknown): never => {
    throw unwritable(path, error);
  };

  const kept = await readOwn(path, cacheDir).catch(refuse);
  if (manifests === undefined && kept !== undefined) return { path, digests: digestsOf(kept) };

  const given = await raw(component, catalog.checksums).catch((error: unknown) => {
    if (!["release.file", "release.missing"].includes(String(at(error, "id")))) throw error;
    throw unverified(options, `${component} ${version} cannot be verified: ${messageOf(error)}`, error);
  });
  const listed = digestsOf(given.bytes);
  if (listed.size === 0)
    throw unverified(options, `${component} ${version} cannot be verified: ${given.place} lists no digests.`);

  const digests = digestsOf(kept ?? (await writeOnce(path, given.bytes).catch(refuse)));
  const changed = [...listed].find(([asset, digest]) => digests.get(asset) !== digest);
  if (changed === undefined) return { path, digests };
  const [asset, digest] = changed;
  throw new UserError({
    id: "release.lock",
    what: `${given.place} gives ${asset} of ${component} ${version} the sha256 ${digest}; when this version was first used here it was ${digests.get(asset) ?? "not listed"}.`,
    why: "A published release does not change.",
    remedy: {
      text: "Find out which is right. To trust the new list, remove the old one:",
      command: sh`rm ${fileWord(path)}`,
    },
    kind: "input",
  });
};

/** @throws UserError `release.unverified` (exit 2) when the lock does not list the asset */
export const lockedDigest = (
  options: SourceOptions,
  { path, digests }: Lock,
  component: string,
  asset: string,
): string => {
  const digest = digests.get(asset);
  if (digest !== undefined) return digest;
  const what = `${asset} of ${component} ${versionOf(options.release, component)} cannot be verified: ${path} does not list it.`;
  throw unverified(options, what);
};
