import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadKubeconfig } from "../../src/adapters/cluster/index.ts";
import { UserError } from "../../src/ports/error.ts";
import { patient } from "../patience.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bounds-"));
});
afterEach(() => rm(folder, { recursive: true }));

const written = async (text: string): Promise<string> => {
  const file = path.join(folder, "config");
  await writeFile(file, text);
  return file;
};
const refusal = async (file: string): Promise<UserError> => {
  const error = await loadKubeconfig({ path: file, env: {} }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).kind).toBe("input");
  expect((error as UserError).message.length).toBeLessThan(1000);
  return error as UserError;
};

/** Ten lines that stand for a billion nodes, under a field that is walked. */
const laughs = (field: string): string =>
  [
    "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]",
    ...Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`),
    "current-context: c",
    "contexts: [{name: c, context: {cluster: c, user: u}}]",
    "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]",
    `users: [{name: u, user: {${field}}}]`,
  ].join("\n");

describe("a kubeconfig", () => {
  test.each(["exec: {command: x, args: *l9}", "as: x, as-groups: *l9", "token: *l9"])(
    "that is a billion laughs (%s) is refused, and the program does not hang",
    async (field) => {
      const file = await written(laughs(field));
      // In a process of its own: what hangs, hangs for ever.
      const run = promisify(execFile)(process.execPath, ["src/main.ts", "status", "--kubeconfig", file], {
        cwd: path.resolve(import.meta.dirname, "../.."),
        timeout: patient(60_000),
        killSignal: "SIGKILL",
      });
      const ended: unknown = await run.catch((reason: unknown) => reason);
      expect(ended).toMatchObject({ code: 2, killed: false });
      expect((ended as { stderr: string }).stderr.replace(/\s+/g, " ")).toMatch(
        /cannot be understood: with its aliases expanded it has more than 200000 nodes/,
      );
    },
  );

  test("may use anchors as people do", async () => {
    const text = laughs("token: t")
      .replace(/^l\d.*\n/gm, "")
      .replace("{server:", "&c {server:");
    expect((await loadKubeconfig({ path: await written(text), env: {} })).login.token).toBe("t");
  });

  test.each([
    ["nests without end", `users: ${"[".repeat(50_000)}`, /nesting exceeded|deeper/],
    ["refers to itself", "users: &u [*u]", /deeper than 100 levels|alias/],
    ["is larger than any", `#${"x".repeat(17 * 2 ** 20)}`, /larger than 16 MiB/],
  ])("that %s is refused", async (_, text, words) => {
    expect((await refusal(await written(text))).message).toMatch(words);
  });

  test("that is a device without an end is refused", async () => {
    expect((await refusal("/dev/zero")).message).toMatch(/larger than 16 MiB/);
  });

  const entry = (cluster: string, user: string): string =>
    `current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: ${cluster}}]\nusers: [{name: u, user: ${user}}]`;
  const SERVER = "{server: 'https://127.0.0.1:1'}";

  test.each([
    ["{server: [1]}", "{}", 'cluster "c": server must be a text, and is a list'],
    [
      "{server: 'https://a', certificate-authority-data: {a: 1}}",
      "{}",
      "certificate-authority-data must be a text, and is a mapping",
    ],
    [SERVER, "{token: {toString: 1}}", 'user "u": token must be a text, and is a mapping'],
    [SERVER, "{exec: {command: {a: 1}}}", 'user "u": exec.command must be a text, and is a mapping'],
    [SERVER, "{exec: {command: a, args: [[b]]}}", 'user "u": exec.args[0] must be a text, and is a list'],
    [SERVER, '{exec: {command: "a\\0b"}}', 'user "u": exec.command holds a character that no text has'],
    [SERVER, "[]", 'user "u": user must be a mapping, and is a list'],
    ["3", "{}", 'cluster "c": cluster must be a mapping, and is a number'],
  ])("with something else where a text belongs names the place: %s, %s", async (cluster, user, words) => {
    expect((await refusal(await written(entry(cluster, user)))).message).toContain(words);
  });

  test("whose YAML takes a token for a number is refused, as kubectl refuses it", async () => {
    expect((await refusal(await written(entry(SERVER, "{token: 12345}")))).message).toContain("write it in quotes");
  });

  test("of fifty thousand contexts names some of them", async () => {
    const contexts = Array.from({ length: 20_000 }, (_, i) => `- {name: c${i}, context: {cluster: c}}`).join("\n");
    const error = await refusal(await written(`contexts:\n${contexts}\ncurrent-context: none`));
    expect(error.why).toMatch(/^It has: c0, .* and 19950 more\.$/);
    expect(error.why?.length).toBeLessThan(1000);
  });
});
