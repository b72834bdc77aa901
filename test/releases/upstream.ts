import { existsSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../../shared/upstream");

/** Real manifests, layout `<component>/<version>/<asset>`; beside the repository on machines of the project, absent elsewhere. */
export const upstream: string | undefined = existsSync(folder) ? folder : undefined;

if (upstream === undefined)
  process.stderr.write("skipped: tests on real manifests, because ../shared/upstream is absent\n");
