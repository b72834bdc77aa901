import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The released manifests, where they lie beside this repository. */
export const UPSTREAM = resolve(import.meta.dirname, "../../../shared/upstream");
export const hasUpstream = existsSync(join(UPSTREAM, "serving"));
if (!hasUpstream)
  process.stderr.write("skipped: the real manifests are not beside this repository (../shared/upstream)\n");
