import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type BuildResult, build, type Metafile, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** CommonJS dependencies ask for `require`, which an ES module does not have. Made when asked, as every chunk begins with this. */
const REQUIRE = 'const require = (id) => process.getBuiltinModule("node:module").createRequire(import.meta.url)(id);';

const MAIN = "src/main.ts";
/** What main.ts loads when it has looked at Node's version. */
const START = "src/cli/index.ts";
/** What others import as `kn-bootstrap/rehearsal`. */
const REHEARSAL = "src/sandbox/index.ts";

/**
 * esbuild makes a chunk of the modules that the same entries reach, and every `import()` is an entry: the start alone would be twenty
 * files. So whatever is loaded later imports the start, which is there already, and the start becomes one file. The rehearsal world shares
 * nothing with it, and others load that without the start.
 */
const oneStart: Plugin = {
  name: "one-start",
  setup: ({ onStart, onLoad }) => {
    const later = new Set<string>();
    onStart(async () => {
      const files = await readdir(join(root, "src"), { recursive: true });
      for (const file of files.filter((name) => name.endsWith(".ts")).map((name) => join(root, "src", name)))
        for (const [, target = ""] of (await readFile(file, "utf8")).matchAll(/\bimport\("(\.[^"]+)"\)/g))
          later.add(join(dirname(file), target));
      later.delete(join(root, START));
      for (const path of later) if (path.startsWith(join(root, dirname(REHEARSAL)))) later.delete(path);
    });
    onLoad({ filter: /\.ts$/ }, async ({ path }) =>
      later.has(path)
        ? { contents: `${await readFile(path, "utf8")}\nimport ${JSON.stringify(join(root, START))};\n`, loader: "ts" }
        : undefined,
    );
  },
};

/**
 * `import` makes Node look at everything that a module of its own exports; of `http` that is `WebSocket` too, which loads the whole of
 * Node's fetch: seven megabytes of memory and a twentieth of a second, for nothing.
 */
const plainHttp: Plugin = {
  name: "plain-http",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: "node:http", namespace: "plain-http" }));
    onLoad({ filter: /./, namespace: "plain-http" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Of our package.json the program wants the version; node imports JSON whole. */
const versionAlone: Plugin = {
  name: "version-alone",
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]package\.json$/ }, async ({ path }) =>
      path === join(root, "package.json")
        ? { contents: JSON.stringify({ version: JSON.parse(await readFile(path, "utf8")).version }), loader: "json" }
        : undefined,
    );
  },
};

/** What listr2 imports for its default renderer, which is never chosen (decision 18): with all that they bring, 22 libraries. */
const DEFAULT_RENDERER = /^(log-update|cli-truncate|wrap-ansi)$/;

const ownRenderer: Plugin = {
  name: "own-renderer",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: DEFAULT_RENDERER }, ({ path, importer }) =>
      /[\\/]listr2[\\/]/.test(importer) ? { path, namespace: "own-renderer" } : undefined,
    );
    onLoad({ filter: /./, namespace: "own-renderer" }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in the bundle`)});`,
    }));
  },
};

/**
 * A program as plain JavaScript: `main.js`, which loads on any Node, `rehearsal.js` for other programs, and chunks that are loaded when they
 * are needed. Another entry is a path from the repository's root.
 */
export const bundle = (outdir: string, entry = MAIN): Promise<BuildResult<{ metafile: true }>> =>
  build({
    absWorkingDir: root,
    entryPoints: entry === MAIN ? { main: MAIN, rehearsal: REHEARSAL } : [entry],
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
    plugins: [...(entry === MAIN ? [oneStart] : []), plainHttp, versionAlone, ownRenderer],
    metafile: true,
    logLevel: "warning",
  });

/** A library that is in the bundle. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** As its package.json says: `MIT`. */
  readonly license: string;
  /** Of its package, from the repository's root. */
  readonly folder: string;
}

export interface Contents {
  /** Of all scripts. */
  readonly bytes: number;
  readonly files: number;
  /** What is read before the command is known, which is all that `--version` and `--help` read. */
  readonly start: {
    readonly bytes: number;
    readonly inputs: readonly string[];
    /** Node's own modules that are imported: `node:net`. */
    readonly builtins: readonly string[];
  };
  readonly libraries: readonly Library[];
}

/** What a bundle is made of. */
export const contentsOf = async ({ outputs }: Metafile): Promise<Contents> => {
  const scripts = Object.entries(outputs).filter(([path]) => path.endsWith(".js"));
  const start = scripts.filter(([path]) => startPaths(outputs).has(path)).map(([, output]) => output);
  const inputs = scripts.flatMap(([, output]) => Object.keys(output.inputs));
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  return {
    bytes: sum(scripts.map(([, output]) => output.bytes)),
    files: scripts.length,
    start: {
      bytes: sum(start.map(({ bytes }) => bytes)),
      inputs: start.flatMap((output) => Object.keys(output.inputs)),
      builtins: start.flatMap(({ imports }) => imports.flatMap(({ external, path }) => (external ? [path] : []))),
    },
    libraries: (await Promise.all([...folders].map(readLibrary))).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** main.js and the command line, with everything that they import for certain. */
const startPaths = (outputs: Metafile["outputs"]): ReadonlySet<string> => {
  const entries = Object.entries(outputs).filter(([, { entryPoint }]) => [MAIN, START].includes(entryPoint ?? ""));
  const paths = new Set(entries.map(([path]) => path));
  for (const path of paths)
    for (const { kind, path: imported } of outputs[path]?.imports ?? [])
      if (kind === "import-statement" && outputs[imported]) paths.add(imported);
  return paths;
};

const readLibrary = async (folder: string): Promise<Library> => {
  const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as Record<
    string,
    string | undefined
  >;
  return { name: name ?? folder, version: version ?? "", license: license ?? "see below", folder };
};

/** Licences ask to be handed on with the code, each text once. Where a package holds none, its package.json is all there is. */
const licences = async (libraries: readonly Library[]): Promise<string> => {
  const texts = await Promise.all(
    libraries.map(async ({ folder }) => {
      const files = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
      return (await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")))).join("\n").trim();
    }),
  );
  const sections = [...Map.groupBy(libraries, (_, index) => texts[index] ?? "")].map(([text, sharers]) =>
    [...sharers.map(({ name, version, license }) => `${name} ${version}: ${license}`), "", text].join("\n").trim(),
  );
  return `kn-bootstrap contains these libraries.\n\n${sections.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** The types of `kn-bootstrap/rehearsal`: one file that stands alone. Throws where its entry lets types of other files through. */
const rehearsalTypes = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-types-"));
  try {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const project = join(root, "scripts/rehearsal.tsconfig.json");
    await promisify(execFile)(process.execPath, [tsc, "--project", project, "--outDir", folder]);
    const types = await readFile(join(folder, "index.d.ts"), "utf8");
    const [foreign] = /^(?:import|export) [^;]*\bfrom\b.*$|\bimport\(.*$/m.exec(types) ?? [];
    if (foreign) throw new Error(`${REHEARSAL} is to say its types itself, not: ${foreign}`);
    return types;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Builds into a folder, with the licences of what is in it. */
export const buildInto = async (folder: string): Promise<Contents> => {
  await rm(folder, { recursive: true, force: true });
  const [{ metafile }, types] = await Promise.all([bundle(folder), rehearsalTypes()]);
  const contents = await contentsOf(metafile);
  await writeFile(join(folder, "rehearsal.d.ts"), types);
  await writeFile(join(folder, "licenses.txt"), await licences(contents.libraries));
  return contents;
};

export const summaryOf = ({ bytes, files, start, libraries }: Contents): string =>
  `${megabytes(bytes)} in ${files} files, with ${libraries.length} libraries inside and none to install; --version and --help read ${(start.bytes / 1e3).toFixed(0)} kB of it`;

if (import.meta.main) {
  const contents = await buildInto(join(dirname(import.meta.dirname), "dist"));
  process.stdout.write(`dist: ${summaryOf(contents)}\n`);
}
