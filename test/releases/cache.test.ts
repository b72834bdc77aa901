import { spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { geteuid } from "node:process";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readOwn, writeOnce, writeWhole } from "../../src/releases/cache.ts";

const module = pathToFileURL(join(import.meta.dirname, "../../src/releases/cache.ts")).href;

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "cache-"));
});
afterEach(() => rm(root, { recursive: true }));

/** A process of its own that runs `code` with the module's functions; resolves to what it printed. */
const run = (code: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const script = `import { writeOnce, writeWhole } from ${JSON.stringify(module)};\n${code}`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve(output) : reject(new Error(`exit ${status}`))));
  });

it("never shows half a file, whoever else is writing it", async () => {
  const file = join(root, "deep", "file.yaml");
  const writer = (letter: string): Promise<string> =>
    run(
      `for (let i = 0; i < 40; i += 1) await writeWhole(${JSON.stringify(file)}, Buffer.alloc(1_000_000, "${letter}"));`,
    );
  let done = false;
  const writers = Promise.all([writer("a"), writer("b")]).finally(() => {
    done = true;
  });
  const seen = new Set<string>();
  while (!done) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    else seen.add(`${text.length} ${text[0]} ${text[0]?.repeat(text.length) === text}`);
  }
  await writers;
  expect([...seen].every((one) => /^1000000 [ab] true$/.test(one))).toBe(true);
  expect(seen.size).toBeGreaterThan(0);
  expect(await readdir(join(root, "deep"))).toEqual(["file.yaml"]);
});

it("lets one of several processes decide, and tells all of them what was decided", async () => {
  const file = join(root, "lock");
  const code = (name: string): string =>
    `process.stdout.write(await writeOnce(${JSON.stringify(file)}, Buffer.from("${name}")))`;
  const answers = await Promise.all([run(code("one")), run(code("two")), run(code("three"))]);
  expect(new Set(answers)).toEqual(new Set([await readFile(file, "utf8")]));
  expect(["one", "two", "three"]).toContain(answers[0]);
  expect(Buffer.from(await writeOnce(file, Buffer.from("late"))).toString()).toBe(answers[0]);
});

it("leaves nothing behind when it fails", async () => {
  await writeWhole(join(root, "file"), Buffer.from("x"));
  await expect(writeWhole(join(root, "file", "below"), Buffer.from("x"))).rejects.toThrow();
  await expect(writeWhole(root, Buffer.from("x"))).rejects.toThrow();
  expect(await readdir(root)).toEqual(["file"]);
});

describe("a file that decides what is trusted", () => {
  const file = (): string => join(root, "cache", "serving", "checksums.txt");
  const read = (): Promise<Uint8Array | undefined> => readOwn(file(), join(root, "cache"));

  it("is for us alone, in folders for us alone", async () => {
    expect(await read()).toBeUndefined();
    await writeOnce(file(), Buffer.from("x"));
    expect(Buffer.from((await read()) ?? []).toString()).toBe("x");
    for (const place of [file(), dirname(file()), join(root, "cache")])
      expect((await stat(place)).mode & 0o077).toBe(0);
  });

  it.each(["file", "folder", "root"])("is not trusted where others may write its %s", async (which) => {
    await writeOnce(file(), Buffer.from("x"));
    const place = { file: file(), folder: dirname(file()), root: join(root, "cache") }[which] ?? "";
    await chmod(place, 0o770);
    await expect(read()).rejects.toThrow(`${place} can be written by others`);
  });

  it("is not trusted in a folder of others before there is one", async () => {
    await mkdir(join(root, "cache"), { mode: 0o700 });
    await chmod(join(root, "cache"), 0o777);
    await expect(read()).rejects.toThrow("can be written by others");
  });

  it.skipIf(geteuid?.() !== 0)("is not trusted when it belongs to somebody else", async () => {
    await writeOnce(file(), Buffer.from("x"));
    await chown(file(), 12345, 12345);
    await expect(read()).rejects.toThrow(`${file()} can be written by others`);
  });
});
