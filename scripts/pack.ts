import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { buildInto, type Contents, summaryOf } from "./build.ts";
import { sbom } from "./sbom.ts";

const root = dirname(import.meta.dirname);
const run = promisify(execFile);

export interface Packed {
  readonly path: string;
  /** Of the tarball. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly string[];
  readonly contents: Contents;
}

interface PackageJson extends Readonly<Record<"name" | "version" | "license", string>> {
  readonly files: readonly string[];
}

/**
 * Builds the package into `folder`, an absolute path, with a list of what is inside beside it: the same package as `npm pack` in the
 * checkout gives, without touching the checkout's `dist`.
 */
export const pack = async (folder: string): Promise<Packed> => {
  const stage = await mkdtemp(join(tmpdir(), "kn-bootstrap-pack-"));
  try {
    const contents = await buildInto(join(stage, "dist"));
    const json = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as PackageJson;
    for (const file of ["package.json", "LICENSE", "README.md", ...json.files.filter((name) => name !== "dist")]) {
      await mkdir(dirname(join(stage, file)), { recursive: true });
      await cp(join(root, file), join(stage, file), { recursive: true });
    }
    await mkdir(folder, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: stage,
    });
    // npm 12 answers with an object by name, older ones with a list.
    const [packed] = Object.values(JSON.parse(stdout)) as {
      filename: string;
      size: number;
      unpackedSize: number;
      files: { path: string }[];
    }[];
    if (!packed) throw new Error(`npm pack answered ${stdout}`);
    await writeFile(
      join(folder, `${json.name}.cdx.json`),
      `${JSON.stringify(sbom(json, contents.libraries), null, 2)}\n`,
    );
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
  const { path, bytes, unpackedBytes, files, contents } = await pack(resolve(process.argv[2] ?? "."));
  const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;
  process.stderr.write(
    `dist: ${summaryOf(contents)}\npackage: ${megabytes(bytes)}, ${megabytes(unpackedBytes)} unpacked, ${files.length} files, no dependencies\n`,
  );
  process.stdout.write(`${path}\n`);
}
