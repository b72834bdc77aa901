import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { bundle } from "../../scripts/build.ts";
import { COMPILED } from "../compiled.ts";

const root = resolve(import.meta.dirname, "../..");

interface Ended {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

const node = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((done) => {
    const clean = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", ...COMPILED, ...env };
    execFile(process.execPath, args, { cwd: root, env: clean }, (error, out, err) =>
      done({ code: error?.code ?? 0, out, err }),
    );
  });

const program = (...args: string[]): Promise<Ended> => node(["src/main.ts", ...args]);

describe("the program", () => {
  it("tells its version and its help", async () => {
    expect(await program("--version")).toEqual({ code: 0, out: `${packageJson.version}\n`, err: "" });
    const help = await program("--help");
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toContain("Usage: kn-bootstrap");
  });

  it.each([
    [["--domian", "x"], "Did you mean --domain?"],
    [["plan", "--tls", "selfsigned"], "Did you mean self-signed?"],
    [["install", "--config", "does-not-exist.yaml"], "does-not-exist.yaml cannot be read"],
    [["status", "--kubeconfig", "does-not-exist"], "does-not-exist"],
  ])("%j: one paragraph, exit 2", async (args, reason) => {
    const { code, out, err } = await program(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^Error: /);
    expect(err.replaceAll("\n", " ")).toContain(reason);
    expect(err).not.toContain("    at ");
  });

  it("refuses an unknown variable of its own, and leaves others alone", async () => {
    expect(await node(["src/main.ts", "render"], { KN_BOOTSTRAP_DOMIAN: "x" })).toMatchObject({ code: 2 });
    expect(await node(["src/main.ts", "--version"], { KN_TEST_KUBECONFIG: "x" })).toMatchObject({ code: 0 });
  });
});

describe("a process that is cut off", () => {
  /** A cluster that takes every request and answers none. */
  const silence = async (use: (kubeconfig: string, asked: Promise<void>) => Promise<void>): Promise<void> => {
    const server = createServer();
    // Somebody else's connection, meant for a server that had this port before, is none of the child's.
    const asked = new Promise<void>((done) => {
      server.on("connection", (socket) => {
        socket.on("error", () => {}).on("data", (data) => data.includes("user-agent: kn-bootstrap") && done());
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const directory = await mkdtemp(join(tmpdir(), "kn-bootstrap-silence-"));
    try {
      const { port } = server.address() as AddressInfo;
      const path = join(directory, "kubeconfig");
      await writeFile(
        path,
        JSON.stringify({
          "current-context": "silence",
          contexts: [{ name: "silence", context: { cluster: "silence", user: "me" } }],
          clusters: [{ name: "silence", cluster: { server: `http://127.0.0.1:${port}` } }],
          users: [{ name: "me", user: {} }],
        }),
      );
      await use(path, asked);
    } finally {
      server.close();
      await rm(directory, { recursive: true });
    }
  };

  it.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s ends at once with %i and says so", async (signal, code) => {
    await silence(async (kubeconfig, asked) => {
      const child = spawn(process.execPath, ["src/main.ts", "status", "--kubeconfig", kubeconfig], { cwd: root });
      let err = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        err += text;
      });
      await asked;
      child.kill(signal);
      expect(await once(child, "close")).toEqual([code, null]);
      expect(err).toBe("Interrupted. Nothing was changed.\n");
    });
  });

  it("from its reader ends quietly", async () => {
    const child = spawn(process.execPath, ["src/main.ts", "--help"], { cwd: root });
    child.stdout.destroy();
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(err).toBe("");
  });
});

describe("the bundle", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(root, "node_modules", ".bundle-"));
    await bundle(directory);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Runs the bundle as if this Node had another version. */
  const as = (version: string, ...args: string[]): Promise<Ended> => {
    const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: ${JSON.stringify(version)} } });`;
    return node([
      "--import",
      `data:text/javascript,${encodeURIComponent(pretend)}`,
      join(directory, "main.js"),
      ...args,
    ]);
  };

  it("runs", async () => {
    expect(await node([join(directory, "main.js"), "--version"])).toEqual({
      code: 0,
      out: `${packageJson.version}\n`,
      err: "",
    });
    expect(await node([join(directory, "main.js"), "--domian"])).toMatchObject({ code: 2 });
    expect(await node([join(directory, "main.js"), "plan", "--kubeconfig", "does-not-exist"])).toMatchObject({
      code: 2,
    });
  });

  it.each(["18.20.0", "20.20.2", "22.21.1"])("on Node %s says in one line what it needs", async (version) => {
    expect(await as(version, "--version")).toEqual({
      code: 2,
      out: "",
      err: `kn-bootstrap needs Node 22.22 or newer; this is ${version}.\n`,
    });
  });

  it.each(["22.22.0", "24.0.0", "26.1.0"])("runs on Node %s", async (version) => {
    expect(await as(version, "--version")).toMatchObject({ code: 0 });
  });

  it("loads nothing else before it has looked at the version", async () => {
    const main = await readFile(join(directory, "main.js"), "utf8");
    expect(main).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(
      [...main.matchAll(/^\s*import\b.*?from\s*"([^"]+)"/gm)]
        .map((match) => match[1])
        .filter((name) => !name?.startsWith("node:")),
    ).toEqual([]);
    expect((await readdir(join(directory, "chunks"))).length).toBeGreaterThan(0);
  });
});
