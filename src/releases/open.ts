import { resolve } from "node:path";
import { UserError } from "../ports/error.ts";
import type { KubeObject } from "../ports/object.ts";
import { allSettled } from "../ports/settled.ts";
import type { Source, SourceOptions } from "./bytes.ts";
import { type Release, versionOf } from "./catalog.ts";
import { type ManifestFile, mergeManifests, parseManifest } from "./objects.ts";
import { parsedOnce } from "./parsed.ts";
import { verifiedSource } from "./source.ts";

/** Text of an asset that stands in for the released one. */
export type StandIns = (component: string, version: string, asset: string) => string;

export interface OpenOptions extends SourceOptions {
  /** Instead of every other source. */
  readonly standIns?: StandIns;
}

/** The files of one release, wherever they come from. */
export interface Releases {
  readonly release: Release;
  /** The objects were made up by us and say nothing about the real release. */
  readonly standIn: boolean;
  /** For people: a directory, a URL, `stand-ins`. */
  readonly origin: string;
  /**
   * The objects of one component's assets in their order, each object once. Each asset is read and verified once, however often
   * it is asked for.
   * @throws UserError: `release.file` no such file in `manifests` · `release.missing`, `release.unavailable` from the network ·
   *   `release.digest` · `release.unverified`, `release.lock` for versions the catalog does not know · `release.malformed`,
   *   `release.contradiction`. Exit 2, but `release.unavailable` exit 1
   */
  readonly objects: (component: string, ...assets: readonly string[]) => Promise<readonly KubeObject[]>;
}

const decode = (bytes: Uint8Array, place: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError({
      id: "release.malformed",
      what: `${place} is no UTF-8 text.`,
      remedy: "Get the file again as the project published it.",
      kind: "input",
      cause,
    });
  }
};

const standInSource =
  (release: Release, standIns: StandIns): Source =>
  async (component, asset) => {
    const version = versionOf(release, component);
    return {
      bytes: Buffer.from(standIns(component, version, asset)),
      place: `stand-in ${component}/${version}/${asset}`,
    };
  };

const originOf = ({ standIns, manifests, mirror, catalog }: OpenOptions): string => {
  if (standIns) return "stand-ins";
  if (manifests !== undefined) return resolve(manifests);
  return mirror ?? catalog.host;
};

/** Nothing is read before it is asked for. */
export const openReleases = (options: OpenOptions): Releases => {
  const { release, standIns } = options;
  const source = standIns ? standInSource(release, standIns) : verifiedSource(options);

  const pending = new Map<string, Promise<ManifestFile>>();
  const read = async (component: string, asset: string): Promise<ManifestFile> => {
    const { bytes, place, digest } = await source(component, asset);
    const parse = () => parseManifest(decode(bytes, place), place);
    return { file: place, objects: digest === undefined ? parse() : await parsedOnce(options.cacheDir, digest, parse) };
  };
  const manifest = (component: string, asset: string): Promise<ManifestFile> => {
    const key = `${component}/${asset}`;
    const file = pending.get(key) ?? read(component, asset);
    pending.set(key, file);
    return file;
  };

  return {
    release,
    standIn: standIns !== undefined,
    origin: originOf(options),
    objects: async (component, ...assets) =>
      mergeManifests(await allSettled(assets.map((asset) => manifest(component, asset)))),
  };
};
