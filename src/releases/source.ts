import { join } from "node:path";
import { messageOf, UserError } from "../ports/error.ts";
import type { Source, SourceOptions } from "./bytes.ts";
import { readIfThere, readOwn, writeWhole } from "./cache.ts";
import { versionOf } from "./catalog.ts";
import { verify } from "./digest.ts";
import { bounded, type DownloadOptions, download } from "./download.ts";
import { type Lock, lockedDigest, lockOf } from "./lock.ts";

/** Downloads at a time. */
const PARALLEL = 4;

const unreadable = (path: string, asset: string, cause?: unknown): UserError =>
  new UserError({
    id: "release.file",
    what: cause === undefined ? `${path} is missing.` : `${path} cannot be read: ${messageOf(cause)}`,
    why: `With --manifests every file comes from that directory (layout <component>/<version>/<asset>), and ${asset} is part of this release.`,
    remedy: "Put the file there, or leave out --manifests to download it.",
    kind: "input",
    cause,
  });

/** Bytes of a directory or of the network, not verified. */
const rawSource = (options: SourceOptions): Source => {
  const { catalog, release, manifests, mirror, fetch, signal, onEvent } = options;
  const slot = bounded(PARALLEL);
  return async (component, asset) => {
    const version = versionOf(release, component);
    if (manifests !== undefined) {
      const place = join(manifests, component, version, asset);
      const bytes = await readIfThere(place).catch((error: unknown) => {
        throw unreadable(place, asset, error);
      });
      if (bytes === undefined) throw unreadable(place, asset);
      return { bytes, place };
    }
    const place = catalog.url(component, version, asset, mirror);
    const onProgress: DownloadOptions["onProgress"] = (bytes, total) =>
      onEvent?.({
        type: "download",
        file: `${component}/${version}/${asset}`,
        bytes,
        ...(total === undefined ? {} : { total }),
      });
    const secure = catalog.digest(component, version, asset) === undefined;
    return { bytes: await slot(() => download(place, { ...options.retry, fetch, signal, secure, onProgress })), place };
  };
};

/** Bytes that are what was released. */
export const verifiedSource = (options: SourceOptions): Source => {
  const { catalog, release, manifests, cacheDir } = options;
  const raw = rawSource(options);
  const locks = new Map<string, Promise<Lock>>();

  const expected = async (component: string, asset: string): Promise<{ digest: string; authority: string }> => {
    const known = catalog.digest(component, versionOf(release, component), asset);
    if (known !== undefined) return { digest: known, authority: "manifests/releases.yaml" };
    const pending = locks.get(component) ?? lockOf(options, raw, component);
    locks.set(component, pending);
    const lock = await pending;
    return { digest: lockedDigest(options, lock, component, asset), authority: lock.path };
  };

  return async (component, asset) => {
    const { digest, authority } = await expected(component, asset);
    if (manifests !== undefined) {
      const given = await raw(component, asset);
      verify(given.bytes, digest, { place: given.place, authority });
      return { ...given, digest };
    }
    // The cache saves a download and nothing else: one that cannot be read or written is no reason to stop.
    const path = join(cacheDir, component, versionOf(release, component), asset);
    const cached = await readOwn(path, cacheDir).catch(() => undefined);
    if (cached !== undefined) {
      verify(cached, digest, { place: path, authority, cached: true });
      return { bytes: cached, place: path, digest };
    }
    const downloaded = await raw(component, asset);
    verify(downloaded.bytes, digest, { place: downloaded.place, authority });
    await writeWhole(path, downloaded.bytes).catch(() => undefined);
    return { ...downloaded, digest };
  };
};
