/** From a version to verified objects: catalog → release → files → objects. */

export { toYaml } from "../ports/yaml.ts";
export { defaultCacheDir } from "./cache.ts";
export { type Catalog, loadCatalog, type Release, type Setting } from "./catalog.ts";
export { environmentFetch, type Fetch } from "./http.ts";
export { type OpenOptions, openReleases, type Releases, type StandIns } from "./open.ts";
