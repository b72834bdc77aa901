import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ApiRequest } from "../../src/sandbox/types.ts";
import { COMPILED } from "../compiled.ts";
import { patient } from "../patience.ts";
import { drawn } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { stage } from "./cli.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const HELLO = { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "kn-bootstrap", name: "hello" };

/** On SIGUSR2, the process that loads it gets into the trouble that it is told. */
const TROUBLES = {
  "a stream that fails": `
    const full = (chunk, encoding, done) => done(Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
    process.on("SIGUSR2", () => { process.stdout._write = full; process.stdout.write("{}"); });`,
  "a bug in some callback": `process.on("SIGUSR2", () => setImmediate(() => { throw new TypeError("oops"); }));`,
  none: "",
};
type Trouble = keyof typeof TROUBLES;

/** An install in a process of its own, brought to the middle of its proof: a process of its own does not find the gateway. */
const proving = async (trouble: Trouble = "none") => {
  let reached = (): void => {};
  const inProof = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let isDeaf = false;
  let heard = (): void => {};
  const inEnd = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const onRequest = ({ method, path }: ApiRequest) => {
    if (method === "PATCH" && path.endsWith("/namespaces/kn-bootstrap/services/hello")) setTimeout(reached, 50);
    if (method !== "DELETE" || !isDeaf) return undefined;
    heard();
    return new Promise<undefined>(() => {});
  };
  const world = await stage({ onRequest });
  const temporary = mkdtempSync(join(tmpdir(), "kn-bootstrap-ending-"));
  const report = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-report-")), "report.html");
  const args = ["install", "--yes", "--knative-version", "1.23", "--manifests", UPSTREAM, "--report", report];
  const child = spawn(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(TROUBLES[trouble])}`, MAIN, ...args, "-o", "json"],
    {
      env: { PATH: process.env.PATH, KUBECONFIG: world.kubeconfig, TMPDIR: temporary, ...COMPILED },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([inProof, ended.then(() => expect.fail(said.err))]);
  const goDeaf = (): void => {
    isDeaf = true;
  };
  return { world, child, said, ended, inEnd, report, temporary, goDeaf };
};

describe.skipIf(!hasUpstream)("an install that is cut off in its proof", () => {
  let scene: Awaited<ReturnType<typeof proving>>;
  let child: ChildProcess | undefined;
  afterEach(async () => {
    child?.kill("SIGKILL");
    await scene.world.close();
  });

  const start = async (trouble?: Trouble): Promise<void> => {
    scene = await proving(trouble);
    child = scene.child;
    expect(scene.world.api.get(HELLO)).toBeDefined();
  };
  const expectTidy = (): void => {
    expect(scene.world.api.get(HELLO)).toBeUndefined();
    expect(scene.world.api.list("coordination.k8s.io/v1", "Lease", "kn-bootstrap")).toEqual([]);
    expect(readdirSync(scene.temporary).filter((name) => !/^kn-bootstrap-bug-/.test(name))).toEqual([]);
    expect(readFileSync(scene.report, "utf8")).toMatch(/<\/html>\s*$/);
  };

  const signals = [
    ["SIGHUP", [129], ["SIGHUP"]],
    ["SIGINT", [130], ["SIGINT"]],
    ["SIGTERM", [143], ["SIGTERM"]],
    ["SIGHUP from the terminal and from its shell", [129], ["SIGHUP", "SIGHUP"]],
    // A process that did not run in between gets the lower number first.
    ["SIGTERM and SIGHUP, as at the end of a session", [143, 129], ["SIGTERM", "SIGHUP"]],
  ] as const;
  it.each(drawn(signals, 2, "signals"))("by %s leaves nothing temporary", async (_, codes, signals) => {
    await start();
    for (const signal of signals) {
      scene.child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(codes.map((code) => [code, null])).toContainEqual(await scene.ended);
    expect(scene.said.err).toContain("Interrupted.");
    expectTidy();
  });

  it.each([
    ["a stream that fails", "could not be written to stdout: no space is left"],
    ["a bug in some callback", "This is a bug in kn-bootstrap: oops"],
  ] as const)("by %s leaves nothing temporary", async (trouble, words) => {
    await start(trouble);
    scene.child.kill("SIGUSR2");
    expect(await scene.ended, scene.said.err).toEqual([1, null]);
    expect(scene.said.err.replace(/\s+/g, " ")).toContain(words);
    expectTidy();
  });

  it("ends at once when Ctrl-C is pressed again", async () => {
    await start();
    scene.goDeaf();
    scene.child.kill("SIGINT");
    await scene.inEnd;
    expect(scene.child.exitCode).toBeNull();
    scene.child.kill("SIGINT");
    expect(await scene.ended).toEqual([130, null]);
  });
});

describe.skipIf(!hasUpstream)("a rehearsal", () => {
  it.each([1, 2])("leaves no kubeconfig when Ctrl-C is pressed, times: %i", async (times) => {
    const temporary = mkdtempSync(join(tmpdir(), "kn-bootstrap-ending-"));
    const child = spawn(process.execPath, [MAIN, "rehearse", "--knative-version", "1.23", "--manifests", UPSTREAM], {
      env: { PATH: process.env.PATH, TMPDIR: temporary, ...COMPILED },
      stdio: "ignore",
    });
    const ended = once(child, "close");
    const files = (): string[] => readdirSync(temporary, { recursive: true }).map(String);
    await expect.poll(files, { timeout: patient(30_000) }).toContainEqual(expect.stringMatching(/kubeconfig$/));
    for (let i = 0; i < times; i++) child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    expect(files()).toEqual([]);
  });
});
