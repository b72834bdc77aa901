import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/ports/object.ts";
import { sha256 } from "../../src/releases/digest.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { PARSER, parsedOnce } from "../../src/releases/parsed.ts";

const DIGEST = "a".repeat(64);
const object = (name: string): KubeObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const sealed = (kept: unknown): string => {
  const text = JSON.stringify(kept);
  return `${sha256(Buffer.from(text))}\n${text}`;
};

let root = "";
let file = "";
let parses = 0;
const read = (cacheDir = root): Promise<readonly KubeObject[]> =>
  parsedOnce(cacheDir, DIGEST, () => {
    parses += 1;
    return [object("parsed")];
  });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "parsed-"));
  file = join(root, ".parsed", `${DIGEST}.${PARSER}.json`);
  parses = 0;
});
afterEach(() => rm(root, { recursive: true }));

describe("what was parsed", () => {
  it("is not parsed again, and nobody else may write it", async () => {
    expect(await read()).toEqual([object("parsed")]);
    expect(await read()).toEqual([object("parsed")]);
    expect(parses).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, ".parsed"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(root, ".parsed"))).toHaveLength(1);
  });

  const bad: Readonly<Record<string, () => Promise<unknown>>> = {
    "is damaged": async () => writeFile(file, (await readFile(file, "utf8")).replace("parsed", "parsec")),
    "is cut off": async () => writeFile(file, (await readFile(file)).subarray(0, 90)),
    "is empty": () => writeFile(file, ""),
    "is of another parser": () =>
      writeFile(file, sealed({ parser: PARSER + 1, source: DIGEST, objects: [object("other")] })),
    "is of other bytes": () => writeFile(file, sealed({ parser: PARSER, source: "b", objects: [object("other")] })),
    "can be written by others": () => chmod(file, 0o620),
    "is a link": () => rename(file, join(root, "elsewhere")).then(() => symlink(join(root, "elsewhere"), file)),
  };
  it.each(Object.keys(bad))("is parsed again when the copy %s, and then is right", async (how) => {
    await read();
    await bad[how]?.();
    expect(await read()).toEqual([object("parsed")]);
    expect(parses).toBe(2);
    expect(await read()).toEqual([object("parsed")]);
    expect(parses).toBe(2);
  });

  it("is parsed each time where nothing can be kept", async () => {
    await writeFile(join(root, "file"), "");
    for (const _ of [1, 2]) expect(await read(join(root, "file", "below"))).toEqual([object("parsed")]);
    expect(parses).toBe(2);
  });

  // When this fails, copies that were kept are not what the parser makes any more: give PARSER another number.
  it(`is what parser ${PARSER} makes of it`, () => {
    const text = [
      "apiVersion: v1",
      "kind: ConfigMapList",
      "items:",
      "- apiVersion: v1",
      "  kind: ConfigMap",
      "  metadata: {name: a, labels: {on: yes, off: 'no', octal: 0644, hex: 0x1F, float: 1.50, nothing: ~}}",
      "---",
      "# empty",
      "---",
      "apiVersion: v1",
      "kind: Secret",
      "metadata: {name: b, labels: &l {e: f}, more: *l, day: 2001-12-14, clock: 12:30:45, large: 9007199254740993, power: 1e3}",
      "data: {<<: {a: b}, c: d}",
      "text: |",
      "  two",
      "  lines",
      "folded: >-",
      "  one",
      "  line",
    ].join("\n");
    const objects = parseManifest(text, "x.yaml");
    expect({ parser: PARSER, sha256: sha256(Buffer.from(JSON.stringify(objects))) }).toEqual({
      parser: 1,
      sha256: "b0a9826f6ed07977175217510fe5bbe86b50b53c251c3de4d81f596346d072d0",
    });
  });
});
