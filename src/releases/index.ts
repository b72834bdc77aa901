/** From a version to verified objects: catalog → release → files → objects. */

export { toYaml } from "../ports/yaml.ts";
export { defaultCacheDir } from "./cache.ts";
export { type Catalog, loadCatalog, type Release, type Setting } from "./catalog.ts";
export { environmentFetch, type Fetch } from "./http.ts";
export { imagesOf, rewriteImage, rewriteImages } from "./images.ts";
export { mergeManifests, parseManifest } from "./objects.ts";
export { type OpenOptions, openReleases, type Releases, type StandIns } from "./open.ts";
export { compareVersions } from "./version.ts";
