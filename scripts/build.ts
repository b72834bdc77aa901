import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildResult, build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** CommonJS dependencies ask for `require`, which an ES module does not have. Made when asked, as every chunk begins with this. */
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = (id) => __createRequire(import.meta.url)(id);';

/** The program as plain JavaScript: `main.js`, which loads on any Node, and chunks that are loaded when they are needed. */
export const bundle = (outdir: string): Promise<BuildResult> =>
  build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    banner: { js: REQUIRE },
    chunkNames: "chunks/[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    logLevel: "warning",
  });

if (import.meta.main) {
  await rm(new URL("../dist", import.meta.url), { recursive: true, force: true });
  await bundle("dist");
}
