import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type PluginOptions, runPlugin } from "../../src/adapters/cluster/exec.ts";
import { openCluster } from "../../src/adapters/cluster/index.ts";
import type { PluginSettings } from "../../src/adapters/cluster/target.ts";
import { UserError } from "../../src/ports/error.ts";
import { targetOf } from "../adapters/loopback.ts";
import { patient } from "../patience.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "plugin-"));
});
afterEach(() => rm(folder, { recursive: true }));

const plugin = async (script: string, rest: Partial<PluginSettings> = {}): Promise<PluginSettings> => {
  const file = path.join(folder, "plugin.mjs");
  await writeFile(file, script);
  return {
    command: process.execPath,
    args: [file],
    env: { PATH: process.env.PATH },
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "Never",
    ...rest,
  };
};
const run = async (settings: PluginSettings, rest: Partial<PluginOptions> = {}) =>
  runPlugin(settings, { interactive: false, signal: new AbortController().signal, ...rest });
const GOOD = `console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "t" } }));`;

/** Starts another process, as wrappers do, notes both, and neither ends, whatever they are told. */
const STUBBORN = (pids: string): string => `
  import { spawn } from "node:child_process";
  import { writeFileSync } from "node:fs";
  process.on("SIGTERM", () => {});
  const script = "process.on('SIGTERM', () => {}); console.error('Open https://login.example and type ABCD'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", script], { stdio: "inherit" });
  setTimeout(() => writeFileSync(${JSON.stringify(pids)}, process.pid + " " + child.pid), 500);
  setInterval(() => {}, 1000);`;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const processes = async (pids: string): Promise<readonly number[]> => {
  await expect.poll(() => readFile(pids, "utf8").catch(() => ""), { timeout: patient(30_000) }).toMatch(/\d+ \d+/);
  return (await readFile(pids, "utf8")).split(" ").map(Number);
};

describe("a credential plugin", () => {
  test("that never ends is ended with all that it started, and what it said is told", async () => {
    const pids = path.join(folder, "pids");
    const said: string[] = [];
    const running = run(await plugin(STUBBORN(pids)), { limitMs: 5_000, onTrouble: (reason) => said.push(reason) });
    const error: unknown = await running.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      id: "kubeconfig.plugin",
      kind: "failed",
      message: expect.stringMatching(/gave no credentials within 5 s, and was ended$/),
      why: "Open https://login.example and type ABCD",
      remedy: { command: "kubectl version" },
    });
    // While it runs, whoever waits sees what it waits for.
    expect(said).toEqual([expect.stringMatching(/is still running: Open https:\/\/login.example and type ABCD$/)]);
    for (const pid of await processes(pids)) await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("ends with the run: Ctrl-C does not reach it in its own process group", async () => {
    const pids = path.join(folder, "pids");
    const login = { plugin: await plugin(STUBBORN(pids)) };
    const interrupted = new AbortController();
    const cluster = openCluster(targetOf("https://127.0.0.1:1", { login }), { signal: interrupted.signal });
    const pending = cluster.version().catch((reason: unknown) => reason);
    const all = await processes(pids);
    const reason = new Error("interrupted");
    interrupted.abort(reason);
    expect(await pending).toBe(reason);
    for (const pid of all) await expect.poll(() => isAlive(pid)).toBe(false);
    cluster.close();
  });

  test("that prints without end is ended before it fills the memory", async () => {
    const pour = `const chunk = "x".repeat(65536); const more = () => { while (process.stdout.write(chunk)); }; process.stdout.on("drain", more); more();`;
    await expect(run(await plugin(pour))).rejects.toThrow(/gave no credentials: it printed more than 1 MiB/);
  });

  test("may complain without end; the end of it is kept", async () => {
    const complain = `for (let i = 0; i < 200; i++) await new Promise((done) => process.stderr.write("x".repeat(2 ** 18) + "\\n", done)); process.stderr.write("the last word", () => process.exit(3));`;
    const error = (await run(await plugin(complain)).catch((reason: unknown) => reason)) as UserError;
    expect(error.message).toMatch(/it ended with code 3/);
    expect(error.why).toMatch(/the last word$/);
    expect(error.why?.length).toBeLessThan(1100);
  });

  test("has the time that a login takes where a person sits", async () => {
    expect(await run(await plugin(`setTimeout(() => { ${GOOD} }, 1500);`), { interactive: true })).toEqual({
      token: "t",
    });
  });

  test.each([
    ["an empty command", { command: "" }],
    ["an argument that no system takes", { args: ["a\0b"] }],
    ["a variable that no system takes", { env: { A: "a\0b" } }],
  ])("with %s is an error of its own, no defect of ours", async (_, rest) => {
    await expect(run(await plugin(GOOD, rest))).rejects.toMatchObject({ id: "kubeconfig.plugin", kind: "failed" });
  });

  test.each([
    ["a version that is no text", `{ apiVersion: ${"[".repeat(20_000)}${"]".repeat(20_000)}, kind: "ExecCredential" }`],
    [
      "a status that is no mapping",
      `{ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: [{ toString: 1 }] }`,
    ],
  ])("that answers with %s is an error of its own", async (_, answer) => {
    const script = `console.log(${JSON.stringify(answer.replace(/(\w+):/g, '"$1":').replaceAll('"client.authentication.k8s.io/v1"', '"client.authentication.k8s.io/v1"'))});`;
    await expect(run(await plugin(script))).rejects.toMatchObject({ id: "kubeconfig.plugin" });
  });

  test("whose token cannot stand in a header is told so, without the token", async () => {
    const script = `console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "se\\ncret" } }));`;
    const cluster = openCluster(targetOf("https://127.0.0.1:1", { login: { plugin: await plugin(script) } }));
    const error = (await cluster.version().catch((reason: unknown) => reason)) as UserError;
    expect(error).toMatchObject({ id: "kubeconfig.plugin", kind: "failed" });
    expect(error.message).toMatch(
      /the credential plugin .* the token that it gave cannot be sent: it holds a line end/,
    );
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('cret"');
    cluster.close();
  });
});
