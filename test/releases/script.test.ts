import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { catalogFile, parseCatalog } from "../../src/releases/catalog.ts";
import { sha256 } from "../../src/releases/digest.ts";
import { serve } from "./server.ts";
import { upstream } from "./upstream.ts";

const script = join(import.meta.dirname, "../../scripts/releases.ts");

let root = "";
let catalog = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "script-"));
  catalog = join(root, "releases.yaml");
  await cp((await catalogFile()).path, catalog);
});
afterEach(() => rm(root, { recursive: true }));

const run = (...args: string[]): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [script, "--catalog", catalog, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });

const spoil = async (): Promise<void> => {
  const text = await readFile(catalog, "utf8");
  await writeFile(catalog, text.replace(/[0-9a-f]{64}( {2}net-kourier)/, `${"0".repeat(64)}$1`));
};

describe.skipIf(!upstream)("scripts/releases.ts with the real files", () => {
  const table = join(upstream ?? "", "digests.tsv");

  it("finds nothing wrong with the catalog of this repository", async () => {
    const { code, output } = await run("--from", upstream ?? "", "--table", table, "--offline");
    expect(output).toMatch(/^181 assets, 0 differ, 0 contradictory, 0 compared with checksums\.txt$/m);
    expect(code).toBe(0);
  });

  it("reports a digest that is not right, and writes the right one without touching the rest", async () => {
    const before = await readFile(catalog, "utf8");
    await spoil();
    const { code, output } = await run("--from", upstream ?? "", "--offline");
    expect(code).toBe(1);
    expect(output).toContain(`the catalog says ${"0".repeat(64)}`);
    expect((await run("--from", upstream ?? "", "--offline", "--write")).code).toBe(0);
    expect(await readFile(catalog, "utf8")).toBe(before);
  });

  it("takes newer patches and their digests from a table, and says where it contradicts a file", async () => {
    const before = await readFile(catalog, "utf8");
    await writeFile(
      catalog,
      before.replace("serving: 1.19.9", "serving: 1.19.3").replaceAll(/^.*serving\/1\.19\.9.*\n/gm, ""),
    );
    expect((await run("--table", table, "--offline")).code).toBe(1);
    expect((await run("--table", table, "--offline", "--write")).code).toBe(0);
    expect(await readFile(catalog, "utf8")).toBe(before);

    const wrong = join(root, "digests.tsv");
    await writeFile(wrong, `serving\t1.23.0\tserving-core.yaml\t1\t${"0".repeat(64)}\n`);
    const { code, output } = await run("--from", upstream ?? "", "--table", wrong, "--offline", "--write");
    expect(code).toBe(1);
    expect(output).toContain(`the table has     ${"0".repeat(64)}`);
    expect(await readFile(catalog, "utf8")).toBe(before);
  });

  it("compares with the releases' own checksums", async () => {
    const real = parseCatalog(await readFile(catalog, "utf8"), catalog);
    await using server = await serve((request, response) => {
      const [, component, version] =
        /\/(serving|net-kourier)\/releases\/download\/knative-v(.+)\/checksums\.txt$/.exec(request.url ?? "") ?? [];
      const assets = real.components[component ?? ""]?.assets ?? [];
      response.end(assets.map((asset) => `${real.digest(component ?? "", version ?? "", asset)}  ${asset}\n`).join(""));
    });
    const agreed = await run("--from", upstream ?? "", "--release-mirror", server.url);
    expect(agreed).toMatchObject({ code: 0, output: expect.stringContaining("162 compared with checksums.txt") });

    const from = join(root, "files");
    await mkdir(join(from, "net-kourier/1.23.0"), { recursive: true });
    await writeFile(join(from, "net-kourier/1.23.0/kourier.yaml"), "changed");
    const contradicted = await run("--from", from, "--release-mirror", server.url, "--write");
    expect(contradicted.code).toBe(1);
    expect(contradicted.output).toContain(sha256(Buffer.from("changed")));

    await spoil();
    expect((await run("--release-mirror", server.url, "--write")).code).toBe(0);
    expect(parseCatalog(await readFile(catalog, "utf8"), catalog).digest("net-kourier", "1.22.1", "kourier.yaml")).toBe(
      real.digest("net-kourier", "1.22.1", "kourier.yaml"),
    );
  });
});

it("says what it could not compare", async () => {
  const { url, [Symbol.asyncDispose]: close } = await serve(() => undefined);
  await close();
  const { output } = await run("--release-mirror", url);
  expect(output).toMatch(/not compared: .*ECONNREFUSED/);
  expect(output).toMatch(/181 assets, 0 differ/);
});
