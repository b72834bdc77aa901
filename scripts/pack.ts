import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { buildInto, type Contents, summaryOf } from "./build.ts";

const root = dirname(import.meta.dirname);
const run = promisify(execFile);

/** What is in the package beside `dist`. */
const FILES = ["manifests", "kind-config.yaml", "docs/config.schema.json", "LICENSE", "README.md"];

/** Of package.json, what says something to those who install; libraries are in the bundle, scripts are for this repository. */
const FIELDS = ["name", "version", "description", "keywords", "license", "type", "bin", "engines", "repository"];

type Environment = Readonly<Record<string, string | undefined>>;

/** `repository`: where it is built; provenance wants the package to name it. */
export const publishedJson = (
  written: Readonly<Record<string, unknown>>,
  { GITHUB_REPOSITORY: built }: Environment,
): object => ({
  ...Object.fromEntries(FIELDS.flatMap((field) => (field in written ? [[field, written[field]]] : []))),
  ...(built && !("repository" in written)
    ? { repository: { type: "git", url: `git+https://github.com/${built}.git` } }
    : {}),
  files: ["dist", ...FILES],
});

export interface Packed {
  readonly path: string;
  /** Of the tarball. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly string[];
  readonly contents: Contents;
}

/** Builds the package as it is published into `folder`, an absolute path. It has no dependencies: dist holds them. */
export const pack = async (folder: string, env: Environment = {}): Promise<Packed> => {
  const stage = await mkdtemp(join(tmpdir(), "kn-bootstrap-pack-"));
  try {
    const contents = await buildInto(join(stage, "dist"));
    for (const file of FILES) {
      await mkdir(dirname(join(stage, file)), { recursive: true });
      await cp(join(root, file), join(stage, file), { recursive: true });
    }
    const written = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    await writeFile(join(stage, "package.json"), `${JSON.stringify(publishedJson(written, env), null, 2)}\n`);
    await mkdir(folder, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: stage });
    // npm 12 answers with an object by name, older ones with a list.
    const [packed] = Object.values(JSON.parse(stdout)) as {
      filename: string;
      size: number;
      unpackedSize: number;
      files: { path: string }[];
    }[];
    if (!packed) throw new Error(`npm pack answered ${stdout}`);
    return {
      path: join(folder, packed.filename),
      bytes: packed.size,
      unpackedBytes: packed.unpackedSize,
      files: packed.files.map(({ path }) => path),
      contents,
    };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
};

if (import.meta.main) {
  const { path, bytes, unpackedBytes, files, contents } = await pack(resolve(process.argv[2] ?? "."), process.env);
  const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;
  process.stderr.write(
    `dist: ${summaryOf(contents)}\npackage: ${megabytes(bytes)}, ${megabytes(unpackedBytes)} unpacked, ${files.length} files, no dependencies\n`,
  );
  process.stdout.write(`${path}\n`);
}
