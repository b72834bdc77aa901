import { execFile } from "node:child_process";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPILED } from "../compiled.ts";
import { isThorough } from "../thorough.ts";
import { copyTree, costOf, follow, gatewayPart, partRecipe, recipes } from "./follow.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-recipes-"));
  await copyTree(folder);
  for (const recipe of await recipes()) await follow(folder, recipe);
  await follow(folder, await partRecipe());
  await follow(folder, await gatewayPart());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((done) => {
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      LANG: "C.UTF-8",
      TMPDIR: process.env.TMPDIR ?? "",
      ...COMPILED,
    };
    execFile(process.execPath, args, { cwd: folder, env, maxBuffer: 1e8 }, (error, out, err) =>
      done({ code: Number(error?.code ?? 0), text: out + err }),
    );
  });
const tsc = (...args: string[]) => run("node_modules/typescript/bin/tsc", "--noEmit", "--singleThreaded", ...args);

/** What vitest has found of one file: how many tests passed, and what the others say. */
interface Found {
  readonly passed: number;
  readonly failed: readonly string[];
}

const OWN_SUITES = ["new-part", "fifth-kind", "own-issuer"];
const SUITES = [
  ...["test/architecture.test.ts", "test/contract/example.test.ts", "test/contract/ingress.test.ts"],
  ...OWN_SUITES.map((name) => `test/recipes/${name}.test.ts`),
];
/** The ingresses that the tree has without the recipe are tried where this file lies too. */
const OTHERS = isThorough ? [] : ["-t", "^(?!.*ingress (?:kourier|istio) )"];

/** The suites that run in the copy, all in one process. */
const runSuites = async (): Promise<ReadonlyMap<string, Found>> => {
  for (const name of OWN_SUITES)
    await rename(join(folder, `test/recipes/${name}.ts`), join(folder, `test/recipes/${name}.test.ts`));
  const contract = await readFile(join(folder, "test/contract/rfc2136.test.ts"), "utf8");
  // The suite over the new one: the zone that is there already, opened by the provider of the registry.
  const [set = ""] = contract.split("\n/** A real server");
  const own = set
    .replace(
      'import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";',
      'import { dnsProvider } from "../../src/dns/index.ts";',
    )
    .replace("openRfc2136({", 'dnsProvider("example")!.open({ resolver: undefined as never, interactive: false,')
    .replace('zonesContract("rfc2136"', 'zonesContract("example"');
  expect(own).toContain('dnsProvider("example")');
  await writeFile(join(folder, "test/contract/example.test.ts"), own);
  const native = "experimental: { viteModuleRunner: false, nodeLoader: false }";
  const test = `{ testTimeout: 120_000, isolate: false, maxWorkers: 1, ${native} }`;
  await writeFile(join(folder, "vitest.config.ts"), `export default { test: ${test} };\n`);
  const told = ["--reporter=json", "--outputFile=found.json"];
  const { text } = await run("node_modules/vitest/vitest.mjs", "run", ...told, ...OTHERS, ...SUITES);
  const { testResults } = JSON.parse(await readFile(join(folder, "found.json"), "utf8").catch(() => text)) as {
    readonly testResults: readonly {
      readonly name: string;
      readonly message: string;
      readonly assertionResults: readonly { readonly status: string; readonly failureMessages?: readonly string[] }[];
    }[];
  };
  return new Map(
    testResults.map(({ name, message, assertionResults }) => [
      relative(folder, name),
      {
        passed: assertionResults.filter(({ status }) => status === "passed").length,
        failed: [message, ...assertionResults.flatMap(({ failureMessages = [] }) => failureMessages)].filter(Boolean),
      },
    ]),
  );
};
let suites: ReturnType<typeof runSuites> | undefined;
/** Resolves to how many tests of it passed, when no other failed. */
const suite = async (file: string): Promise<number> => {
  suites ??= runSuites();
  const { passed, failed } = (await suites).get(file) ?? { passed: 0, failed: ["did not run"] };
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  return passed;
};
const program = (...args: string[]) => run("src/main.ts", ...args);

// One copy for all of them: they are independent, and this shows it.
describe("a tree in which every recipe of CONTRIBUTING.md was followed", () => {
  it("has a part, an ingress, a DNS provider, an ACME CA, another issuer, a check, a kind of change, an option and a flag more", async () => {
    expect((await recipes()).map(({ title }) => title)).toEqual([
      "A new part",
      "A new ingress",
      "A new DNS provider",
      "A new ACME CA",
      "A new issuer that is no ACME CA",
      "A new check",
      "A new kind of change",
      "A new option",
      "A new command flag",
    ]);
  });

  it("was edited for each of them in one file or folder, and one place of each list", async () => {
    const costs = (await recipes()).map((recipe) => ({ title: recipe.title, ...costOf(recipe) }));
    const cost = (title: string) => costs.find((one) => one.title === title);
    for (const { title, added, edited } of costs)
      process.stdout.write(`${title}: ${[...added.map((path) => `new ${path}`), ...edited].join(", ")}\n`);
    for (const { added } of costs) expect(added.length).toBeLessThan(2);
    // Options are read before any part is loaded, so that they have a list of their own; the compiler asks for it.
    expect(cost("A new part")?.edited).toEqual(["src/steps/index.ts", "src/config/options.ts"]);
    // A row; and what goes by it.
    expect(cost("A new option")?.edited).toEqual(["src/steps/serving/options.ts", "src/steps/serving/transforms.ts"]);
    expect(cost("A new command flag")?.edited).toEqual(["src/config/options.ts", "src/cli/commands/status.ts"]);
    // The list, and what it is made of.
    expect(cost("A new check")?.edited).toEqual(["src/steps/ingress/index.ts"]);
    expect(cost("A new ingress")?.edited).toEqual(["src/ingress/index.ts", "manifests/releases.yaml"]);
    for (const title of [
      "A new DNS provider",
      "A new ACME CA",
      "A new issuer that is no ACME CA",
      "A new kind of change",
    ])
      expect(cost(title)?.edited, title).toHaveLength(1);
  });

  it("has a part more in its rehearsal world, by one file and one line", async () => {
    expect((await partRecipe()).edits.map(({ path }) => path)).toEqual([
      "src/sandbox/example/index.ts",
      "src/sandbox/parts.ts",
    ]);
    const look = "import('./src/sandbox/parts.ts').then(({ PARTS }) => console.log(PARTS.at(-1).name))";
    expect(await run("-e", look)).toEqual({ code: 0, text: "example\n" });
  });

  it("compiles", async () => {
    expect(await tsc()).toEqual({ code: 0, text: "" });
  });

  it("offers them as flags, in help, completion and documentation", async () => {
    const help = await program("plan", "--help");
    for (const id of ["example", "example-ca"]) expect(help.text).toMatch(new RegExp(`\\b${id}\\b`));
    expect((await program("__complete", "plan", "--ingress", "")).text).toBe("kourier\t\nistio\t\nexample\t\n");
    expect((await program("__complete", "plan", "--dns", "ex")).text).toBe("example\t\n");
    expect((await program("__complete", "plan", "--tls", "ex")).text).toBe("example-ca\t\nexample-root\t\n");
    await run("-e", "require('node:fs').mkdirSync('docs')");
    expect(await run("scripts/docs.ts")).toEqual({ code: 0, text: "" });
    const page = await readFile(join(folder, "docs/options.md"), "utf8");
    for (const cell of [
      "`--ingress kourier\\|istio\\|example`",
      "manual\\|example\\|magic",
      "self-signed\\|example-ca\\|secret",
    ])
      expect(page).toContain(cell);
  });

  it("has a check more, which looks for itself and is documented", async () => {
    const page = await readFile(join(folder, "docs/checks.md"), "utf8");
    // The other one came with its part.
    for (const id of ["ingress.cluster-address", "contact.named"]) expect(page).toContain(`### ${id}\n`);
    const look = `import("./src/steps/index.ts").then(async ({ CHECKS }) => {
      const check = CHECKS.find(({ id }) => id === "ingress.cluster-address");
      const get = async ({ kind }) => (kind === "Service" ? { spec: { clusterIP: "10.96.0.7" } } : undefined);
      console.log((await check.run({ cluster: { get } }, new Map())).summary);
    })`;
    expect(await run("-e", look)).toEqual({ code: 0, text: "10.96.0.7\n" });
  });

  it("installs with all of them", async () => {
    const options = ["--ingress", "example", "--dns", "example", "--domain", "apps.example.com", "--tls", "example-ca"];
    const { code, text } = await program("rehearse", "-o", "json", "-q", ...options);
    expect({ code, text: code === 0 ? "" : text }).toEqual({ code: 0, text: "" });
    const report = text.split("\n").find((line) => line.startsWith('{"type":"report"')) ?? "{}";
    const { outcome, steps } = JSON.parse(report) as { outcome: string; steps: { id: string; summary: string }[] };
    expect(outcome).toBe("done");
    expect(steps.find(({ id }) => id === "ingress")?.summary).toMatch(/available$/);
    expect(text).toContain("Install Example Gateway");
    expect(text).toContain("Example DNS");
    expect(text).toContain("Get a certificate from Example CA");
  });

  it("keeps the house's rules, and the new provider the contract", async () => {
    await suite("test/architecture.test.ts");
    await suite("test/contract/example.test.ts");
  });

  it("does with the new ingress all that an ingress must do", async () => {
    expect(await suite("test/contract/ingress.test.ts")).toBe(isThorough ? 37 : 13);
  });

  it("does not compile with a part whose options are not in the table, or a need that nobody meets", async () => {
    const spoilt = [
      { path: "src/config/options.ts", from: "  ...contact,\n", to: "" },
      { path: "src/steps/contact/index.ts", from: 'before: ["proof"]', to: 'before: ["prof"]' },
    ];
    const before = await Promise.all(spoilt.map(({ path }) => readFile(join(folder, path), "utf8")));
    for (const [index, { path, from, to }] of spoilt.entries())
      await writeFile(join(folder, path), before[index]?.replace(from, to) ?? "");
    const few = { extends: "./tsconfig.json", include: [], files: ["src/config/options.ts", "src/steps/index.ts"] };
    await writeFile(join(folder, "tsconfig.spoilt.json"), JSON.stringify(few));
    const { text } = await tsc("-p", "tsconfig.spoilt.json");
    for (const [index, { path }] of spoilt.entries()) await writeFile(join(folder, path), before[index] ?? "");
    expect(text).toContain('notInTheTableOfOptions: "contact"');
    expect(text).toContain('noStepIsCalled: "prof"');
  });

  it("installs, shows, keeps and takes away the new part", async () => {
    await suite("test/recipes/new-part.test.ts");
  });

  it("asks, shows, carries out and counts the new kind of change as it does the others", async () => {
    await suite("test/recipes/fifth-kind.test.ts");
  });

  it("says renewal and root right for the issuer that is no ACME CA", async () => {
    await suite("test/recipes/own-issuer.test.ts");
  });
});
