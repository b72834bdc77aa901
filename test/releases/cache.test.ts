import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeOnce, writeWhole } from "../../src/releases/cache.ts";

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
