import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { load } from "../../src/config/load.ts";
import { readSettings } from "../../src/dns/rfc2136/settings.ts";
import { linesOf, TooMuch, textOf } from "../../src/ports/bounded.ts";
import { isDeep, NoTree, treeOf } from "../../src/ports/tree.ts";
import { readIfThere, readOwn } from "../../src/releases/cache.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "files-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** That large, and takes no room. */
const sparse = async (size: number): Promise<string> => {
  const path = join(folder, "file");
  await writeFile(path, "", { mode: 0o600 });
  await truncate(path, size);
  return path;
};

describe("a file without an end", () => {
  test.each(["/dev/zero", "/dev/urandom"])("is not read to it: %s", async (path) => {
    await expect(textOf(path)).rejects.toThrow("larger than 1 MiB");
    await expect(textOf(path)).rejects.toBeInstanceOf(TooMuch);
  });

  test("as a configuration is refused in words", async () => {
    const sources = { flags: { config: "/dev/zero" }, env: {}, terminal: false };
    await expect(load(sources)).rejects.toMatchObject({
      id: "config.file",
      kind: "input",
      message: expect.stringContaining("larger than 1 MiB"),
    });
  });

  test("as a TSIG key is refused in words", async () => {
    const env = { RFC2136_NAMESERVER: "192.0.2.53", RFC2136_TSIG_FILE: "/dev/zero" };
    await expect(readSettings(env)).rejects.toMatchObject({ id: "rfc2136.settings", kind: "input" });
  });

  test("as a manifest is refused before it fills the memory", async () => {
    await expect(readIfThere(await sparse(2 ** 33))).rejects.toThrow("larger than 64 MiB");
    await expect(readOwn(await sparse(2 ** 33), folder)).rejects.toThrow("larger than 64 MiB");
  });
});

test("a configuration that nests without end is refused", async () => {
  const path = join(folder, "config");
  await writeFile(path, `domain: ${"[".repeat(100_000)}`);
  await expect(load({ flags: { config: path }, env: {}, terminal: false })).rejects.toMatchObject({ kind: "input" });
});

test("lines are told however they are cut, without the empty ones", async () => {
  const told: string[] = [];
  const source = async function* () {
    yield* ["a", "b\n\nc", "", "d\n", "e\nf\ng"];
  };
  for await (const line of linesOf(source(), 10)) told.push(line);
  expect(told).toEqual(["ab", "cd", "e", "f"]);
});

test("what nests deeper than anybody walks is found without walking it by recursion", () => {
  const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
  expect(isDeep(deep, 500)).toBe(true);
  expect(isDeep({ a: [{ b: [1] }] }, 500)).toBe(false);
  expect(() => treeOf(deep)).toThrow(NoTree);
});
