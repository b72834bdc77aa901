import { execFile, spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { type Packed, pack } from "../../scripts/pack.ts";
import { commands } from "../../src/cli/commands/index.ts";

interface Ended {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

const root = join(import.meta.dirname, "../..");

let folder: string;
let packed: Packed;
/** Nothing is asked of a registry. */
let env: Record<string, string>;

const run = (
  command: string,
  args: readonly string[],
  more: Record<string, string> = {},
  cwd = folder,
): Promise<Ended> =>
  new Promise((done) => {
    execFile(command, [...args], { cwd, env: { ...env, ...more } }, (error, out, err) =>
      done({ code: error?.code ?? 0, out, err }),
    );
  });

const installed = (...path: string[]): string => join(folder, "prefix", ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-package-"));
  env = {
    // Without node_modules/.bin, in which there is a program of every dependency.
    PATH: [installed("bin"), dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
    HOME: folder,
    LANG: "C.UTF-8",
    npm_config_cache: join(folder, "cache"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  packed = await pack(folder);
  const { code, err } = await run("npm", ["install", "--global", "--prefix", installed(), packed.path]);
  expect({ code, err }).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the package", () => {
  it("holds what it needs and nothing else, and has no dependencies", async () => {
    const rest = packed.files.filter(
      (path) => !/^dist\/(main\.js|chunks\/[\w@-]+-[A-Z0-9]{8}\.js)(\.LEGAL\.txt)?$/.test(path),
    );
    expect([...rest].sort()).toEqual([
      "LICENSE",
      "README.md",
      "dist/licenses.txt",
      "dist/rehearsal.d.ts",
      "dist/rehearsal.js",
      "docs/config.schema.json",
      "kind-config.yaml",
      ...["elasticsearch", "filebeat", "fluent-bit", "kibana", "namespace"].map(
        (name) => `manifests/logging/${name}.yaml`,
      ),
      "manifests/releases.yaml",
      "package.json",
    ]);
    const json = JSON.parse(await readFile(installed("lib/node_modules/kn-bootstrap/package.json"), "utf8"));
    expect(json).toMatchObject({
      name: "kn-bootstrap",
      version: packageJson.version,
      bin: { "kn-bootstrap": "dist/main.js" },
      engines: { node: ">=22.22" },
    });
    // Nothing is installed with it, and nothing runs when it is.
    for (const key of ["dependencies", "optionalDependencies", "peerDependencies"])
      expect(json).not.toHaveProperty(key);
    expect(Object.keys(json.scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
    expect(packed.bytes).toBeLessThan(2_500_000);
  });

  it("is what npm pack and npm publish make in a checkout", async () => {
    const checkout = join(folder, "checkout");
    const tracked = [
      "package.json",
      "LICENSE",
      "README.md",
      "tsconfig.json",
      "kind-config.yaml",
      "src",
      "scripts",
      "manifests",
      "docs",
    ];
    for (const name of tracked) await cp(join(root, name), join(checkout, name), { recursive: true });
    await symlink(join(root, "node_modules"), join(checkout, "node_modules"));
    const { code, out, err } = await run("npm", ["pack", "--json", "--foreground-scripts=false"], {}, checkout);
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
    const [made] = Object.values(JSON.parse(out.slice(out.search(/^[[{]/m)))) as { files: { path: string }[] }[];
    // A chunk's name tells of the folder in which its modules lay.
    const named = (path: string): string => path.replace(/-[A-Z0-9]{8}\.js/, ".js");
    expect(made?.files.map(({ path }) => named(path)).sort()).toEqual(packed.files.map(named).sort());
    expect(await readFile(join(checkout, "package.json"))).toEqual(
      await readFile(installed("lib/node_modules/kn-bootstrap/package.json")),
    );
  });

  it("comes with a list of what is inside", async () => {
    const { components } = JSON.parse(await readFile(join(folder, "kn-bootstrap.cdx.json"), "utf8"));
    const purls = components.map(({ purl }: { purl: string }) => purl);
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/zod@\d/));
    expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/%40kubernetes\/client-node@\d/));
    expect(purls).toHaveLength(packed.contents.libraries.length);
  });

  it("holds listr2 without its default renderer, and what that brings", () => {
    const names = packed.contents.libraries.map(({ name }) => name);
    expect(names).toContain("listr2");
    expect(names.filter((name) => /^(log-update|cli-|wrap-ansi|restore-cursor|signal-exit)/.test(name))).toEqual([]);
  });

  it("carries the licences of what is in it", async () => {
    const text = await readFile(installed("lib/node_modules/kn-bootstrap/dist/licenses.txt"), "utf8");
    expect(packed.contents.libraries.length).toBeGreaterThan(10);
    for (const { name, version, license } of packed.contents.libraries)
      expect(text).toContain(`${name} ${version}: ${license}\n`);
    expect(text).toContain("Permission is hereby granted, free of charge");
    expect(text).toContain("Apache License");
  });
});

describe("installed", () => {
  it("runs as kn-bootstrap, with its own catalog", async () => {
    expect(await run("kn-bootstrap", ["--version"])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: "" });
    expect((await run("kn-bootstrap", ["__complete", "--knative-version", ""])).out).toMatch(/^\d+\.\d+\t\n/);
    expect(await run("kn-bootstrap", ["plan", "--kubeconfig", "absent"])).toMatchObject({ code: 2, out: "" });
    for (const { name } of commands)
      expect(await run("kn-bootstrap", [name, "--help"]), name).toMatchObject({ code: 0, err: "" });
  });

  it("keeps what Node compiled where nobody else can write, and runs as well where nothing can be kept", async () => {
    const cache = join(folder, "xdg");
    const plan = (home: string) => run("kn-bootstrap", ["plan", "--kubeconfig", "absent"], { XDG_CACHE_HOME: home });
    const without = await plan("/dev/null");
    expect(without).toMatchObject({ code: 2, out: "", err: expect.stringContaining("absent") });
    for (const _ of ["written", "read"]) expect(await plan(cache)).toEqual(without);
    const compiled = join(cache, "kn-bootstrap", "compiled");
    expect((await stat(compiled)).mode & 0o777).toBe(0o700);
    expect(await readdir(compiled)).toHaveLength(1);
  });

  it("runs as kn bootstrap: kn looks for kn-bootstrap on PATH", async () => {
    // What kn does with a word that it does not know: the first kn-WORD on PATH gets the rest.
    const kn = installed("bin", "kn");
    await writeFile(kn, '#!/bin/sh\nplugin=kn-$1; shift\nexec "$plugin" "$@"\n', { mode: 0o755 });
    expect(await run("kn", ["bootstrap", "--version"])).toMatchObject({ code: 0, out: `${packageJson.version}\n` });
    expect(await run("kn", ["bootstrap", "pln"])).toMatchObject({ code: 2, err: expect.stringContaining("plan?") });
  });

  it("runs with npx from the tarball", async () => {
    const args = ["--yes", "--package", packed.path, "--", "kn-bootstrap", "--version"];
    expect(await run("npx", args)).toMatchObject({ code: 0, out: `${packageJson.version}\n` });
  });

  describe.each([
    ["this Node", process.execPath],
    ["Node 22", process.env.KN_TEST_NODE22],
  ])("on %s", (name, node) => {
    if (node === undefined) process.stderr.write(`skipped: KN_TEST_NODE22 names no ${name} to rehearse on\n`);
    it.skipIf(node === undefined)("rehearses: everything that it loads is there", async () => {
      const main = installed("lib/node_modules/kn-bootstrap/dist/main.js");
      const { code, out, err } = await run(node ?? "", [main, "rehearse", "-o", "json", "--tls", "none"]);
      expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
      expect(out).toContain('"outcome":"done"');
    });
  });

  const old = oldNode();
  it.runIf(old)("on an older Node says in one line what it needs", async () => {
    const main = installed("lib/node_modules/kn-bootstrap/dist/main.js");
    const { code, out, err } = await run(old ?? "", [main, "install"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^kn-bootstrap needs Node 22\.22 or newer; this is [\d.]+\.\n$/);
  });
});

/** The first one on PATH that is too old; test/cli/program.test.ts pretends to be others. */
function oldNode(): string | undefined {
  const candidates = (process.env.PATH ?? "").split(delimiter).map((path) => join(path, "node"));
  const found = candidates.find((path) => {
    const version = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout ?? "";
    return Number(/^v(\d+)/.exec(version)?.[1] ?? 99) < 22;
  });
  if (!found) process.stderr.write("skipped: no Node older than 22 on PATH\n");
  return found;
}

describe("the bundle", () => {
  it("reads next to nothing for --version and --help, and no library", async () => {
    const { start } = packed.contents;
    expect(start.inputs).toContain("src/cli/help.ts");
    expect(start.inputs.filter((path) => path.includes("node_modules"))).toEqual([]);
    // Of a part of the installation nothing but its options.
    const later = /^src\/((adapters|sandbox|releases)\/|steps\/(?![\w-]+\/options\.ts$))/;
    expect(start.inputs.filter((path) => later.test(path))).toEqual([]);
    // Half of it are the texts of options.
    expect(start.bytes).toBeLessThan(95_000);
    // An import makes all exports of such a module at once; those of node:util alone take a tenth of the start.
    expect(start.builtins).not.toContain("node:util");
  });
});
