import { execFile, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pack } from "../../scripts/pack.ts";
import { FAULTS } from "../../src/sandbox/faults/index.ts";

const root = join(import.meta.dirname, "../..");

/** Of another project. */
let folder: string;
let env: Record<string, string>;

const run = (
  command: string,
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<{ readonly code: number | string; readonly out: string; readonly err: string }> =>
  new Promise((done) => {
    execFile(command, [...args], { cwd: folder, env: { ...env, ...more } }, (error, out, err) =>
      done({ code: error?.code ?? 0, out, err }),
    );
  });

/** A use of everything that has a type. */
const TYPED = `
import { type Fault, faults, type Internet, startInternet, startWorld, type World } from "kn-bootstrap/rehearsal";

export const together = async (): Promise<{ world: World; internet: Internet; all: readonly Fault[] }> => {
  const internet = await startInternet({ zones: ["example.com"] });
  const world = await startWorld({ kubernetes: "1.33", pace: 10, faults: faults.map(({ name }) => name), internet });
  const port: number | undefined = world.connectTo.get(443);
  internet.publish({ name: "example.com", type: "TXT", values: [\`"\${port}"\`] });
  // @ts-expect-error There is no such option.
  await startWorld({ speed: 3 });
  return { world, internet, all: faults };
};
`;

/** The code that src/sandbox/README.md shows. */
const readme = async (): Promise<string> => {
  const text = await readFile(join(root, "src/sandbox/README.md"), "utf8");
  return /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-rehearsal-"));
  env = {
    PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    HOME: folder,
    LANG: "C.UTF-8",
    npm_config_cache: join(folder, "cache"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  const packed = await pack(join(folder, "packed"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "other", private: true, type: "module" }));
  const { code, err } = await run("npm", ["install", "--save-dev", packed.path]);
  expect({ code, err }).toMatchObject({ code: 0 });
  await cp(join(import.meta.dirname, "rehearsal-program.mjs"), join(folder, "rehearsal-program.mjs"));
  await writeFile(join(folder, "readme.mjs"), await readme());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const kubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
if (!kubectl) process.stderr.write("skipped: kubectl is not on PATH, so it asks no world of the package\n");

describe.each([
  ["this Node", process.execPath],
  ["Node 22", process.env.KN_TEST_NODE22],
])("kn-bootstrap/rehearsal in another project, on %s", (name, node) => {
  if (node === undefined) process.stderr.write(`skipped: KN_TEST_NODE22 names no ${name} for kn-bootstrap/rehearsal\n`);

  it.skipIf(node === undefined)("gives a cluster and an internet, and lets the process end", async () => {
    const { code, out, err } = await run(
      node ?? "",
      ["rehearsal-program.mjs"],
      kubectl ? { KUBECTL: "kubectl" } : undefined,
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toEqual({
      faults: FAULTS.map((fault) => fault.name),
      version: "v1.33.4",
      created: 201,
      again: "AlreadyExists",
      stranger: 401,
      wrongFault: "RangeError",
      wrongVersion: "RangeError",
      ...(kubectl ? { nodes: "node/rehearsal\n" } : {}),
      addresses: ["192.0.2.7"],
      host: ["192.0.2.1"],
      gone: "ENOTFOUND",
      published: ["192.0.2.7"],
      foreign: "TypeError",
      unsigned: 403,
      nameServer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      acme: expect.arrayContaining(["newAccount", "newOrder", "renewalInfo"]),
      stopped: "ECONNREFUSED",
    });
  });

  it.skipIf(node === undefined)("does what its README shows", async () => {
    expect(await run(node ?? "", ["readme.mjs"])).toEqual({ code: 0, out: "v1.33.0\n[ '192.0.2.7' ]\n", err: "" });
  });
});

describe("the types of kn-bootstrap/rehearsal", () => {
  it("hold in a strict project that has no types of Node and looks at every library", async () => {
    await writeFile(join(folder, "typed.ts"), TYPED);
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const strict = ["--strict", "--noEmit", "--types", "", "--target", "es2024", "--module", "nodenext"];
    expect(await run(process.execPath, [tsc, ...strict, "typed.ts"])).toEqual({
      code: 0,
      out: "",
      err: "",
    });
  });

  it("are one file that needs no other, with a description of everything", async () => {
    const types = await readFile(join(folder, "node_modules/kn-bootstrap/dist/rehearsal.d.ts"), "utf8");
    expect(types).not.toMatch(/\bfrom "|\bimport\(/);
    const members = [...types.matchAll(/^export (?:interface|declare const) (\w+)/gm)].map(([, name]) => name);
    expect(members).toEqual(expect.arrayContaining(["World", "Internet", "startWorld", "startInternet", "faults"]));
  });
});
