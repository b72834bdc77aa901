import { existsSync } from "node:fs";
import { cp, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { ingressProvider } from "../../src/ingress/index.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { defaultCacheDir, environmentFetch, loadCatalog, openReleases, toYaml } from "../../src/releases/index.ts";
import { bundle } from "../build.ts";

const root = join(import.meta.dirname, "../..");

export interface Built {
  /** Of all scripts. */
  readonly bytes: number;
  readonly files: number;
}

/** `dist/` as it is published, the catalog that it looks for beside it, and `preload.js`. */
export const buildInto = async (folder: string): Promise<Built> => {
  const dist = join(folder, "dist");
  await Promise.all([
    bundle(dist),
    cp(join(root, "manifests"), join(folder, "manifests"), { recursive: true }),
    build({
      entryPoints: [join(root, "scripts/bench/preload.ts")],
      outdir: folder,
      bundle: true,
      format: "esm",
      platform: "node",
      logLevel: "warning",
    }),
    writeFile(join(folder, "package.json"), '{ "type": "module" }\n'),
  ]);
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const scripts = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".js"));
  const sizes = await Promise.all(scripts.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0), files: scripts.length };
};

export interface Release {
  readonly title: string;
  /** For kubectl: the CRDs, and then the rest. */
  readonly files: readonly string[];
  /** `ValidatingWebhookConfiguration/config.webhook.serving.knative.dev` */
  readonly webhooks: readonly string[];
  /** For kn-bootstrap, so that it reads the same. */
  readonly args: readonly string[];
}

/** Writes the objects that install applies, before its own settings, into files for kubectl. */
export const writeRelease = async (folder: string, directory: string | undefined): Promise<Release> => {
  const beside = join(root, "../shared/upstream");
  const manifests = directory ?? (existsSync(beside) ? beside : undefined);
  const catalog = await loadCatalog();
  const release = catalog.resolve(undefined, {});
  const { objects } = openReleases({
    catalog,
    release,
    cacheDir: defaultCacheDir(process.env),
    fetch: environmentFetch(process.env),
    signal: new AbortController().signal,
    ...(manifests ? { manifests } : {}),
  });
  const ingress = ingressProvider("kourier");
  const all = [
    ...(await objects("serving", "serving-crds.yaml", "serving-core.yaml")),
    ...(await Promise.all(ingress.assets.map(({ component, asset }) => objects(component, asset)))).flat(),
  ];
  const isCrd = ({ kind }: KubeObject): boolean => kind === "CustomResourceDefinition";
  const write = async (name: string, chosen: readonly KubeObject[]): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, toYaml(chosen));
    return file;
  };
  const { versions } = release;
  return {
    files: [
      await write("crds.yaml", all.filter(isCrd)),
      await write(
        "rest.yaml",
        all.filter((object) => !isCrd(object)),
      ),
    ],
    webhooks: all
      .filter(({ kind }) => kind.endsWith("WebhookConfiguration"))
      .map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    args: manifests ? ["--manifests", manifests] : [],
    title: `Knative Serving ${versions.serving}, ${ingress.title} ${versions[ingress.component]}: ${all.length} objects`,
  };
};
