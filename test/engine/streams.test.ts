import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPILED } from "../compiled.ts";
import { drawn } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, stage } from "./cli.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const RELEASE = ["--knative-version", "1.23", "--manifests", UPSTREAM];

interface Run {
  readonly code: number | null;
  readonly err: string;
  /** What is left in its temporary directory. */
  readonly left: readonly string[];
}

describe("streams that end before the program does", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  beforeAll(async () => {
    world = await stage();
    const installed = await kn({ ...world, standIns: true }, ["install", "--yes", "--knative-version", "1.23"]);
    expect(installed.code, installed.stderr).toBe(0);
  });
  afterAll(() => world.close());

  /** `stdout`: a file's number, or what becomes of the pipe. */
  const run = async (
    args: readonly string[],
    stdout: number | "closed" | "head",
    through: readonly string[] = [],
    kubeconfig = world.kubeconfig,
  ): Promise<Run> => {
    const temporary = mkdtempSync(join(tmpdir(), "kn-bootstrap-streams-"));
    const [command = "", ...rest] = [...through, process.execPath, MAIN, ...args];
    const child = spawn(command, rest, {
      env: { PATH: process.env.PATH, KUBECONFIG: kubeconfig, TMPDIR: temporary, LANG: "C.UTF-8", ...COMPILED },
      stdio: ["ignore", typeof stdout === "number" ? stdout : "pipe", "pipe"],
    });
    if (stdout === "closed") child.stdout?.destroy();
    child.stdout?.once("data", () => child.stdout?.destroy());
    let err = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, err, left: readdirSync(temporary) };
  };

  const commands: readonly (readonly string[])[] = [
    ["--help"],
    ["--version"],
    ["help", "exit-codes"],
    ["completion", "bash"],
    ["__complete", "install", "--"],
    ["status"],
    ["status", "-o", "json"],
    ...(hasUpstream
      ? [
          ["render", ...RELEASE],
          ["render", ...RELEASE, "-o", "json"],
          ["plan", ...RELEASE],
          ["plan", ...RELEASE, "-o", "json"],
          ["rehearse", ...RELEASE],
        ]
      : []),
  ];
  const cases = commands.map((args) => [args.join(" ").replace(UPSTREAM, "…"), args] as const);

  it.each(drawn(cases, 4, "closed"))("%s without a reader ends as quietly as with one", async (_, args) => {
    const { code, err } = await run(args, "closed");
    expect(code, err).toBe(0);
    expect(err).not.toMatch(/EPIPE|\n {4}at /);
  });

  it.runIf(hasUpstream)("the exit code says what was found, not who listened", async () => {
    const { code, err } = await run(["plan", "--exit-code", ...RELEASE], "closed");
    expect(code, err).toBe(3);
  });

  /** With a cluster of its own, that `args` has been run on. */
  const elsewhere = async (use: (own: Awaited<ReturnType<typeof stage>>) => Promise<void>, ...args: string[]) => {
    const own = await stage();
    try {
      if (args.length > 0) expect((await kn({ ...own, standIns: true }, args)).code).toBe(0);
      await use(own);
    } finally {
      await own.close();
    }
  };
  const SERVING = { apiVersion: "v1", kind: "Namespace", name: "knative-serving" };

  it("an uninstall goes on without its reader", () =>
    elsewhere(
      async ({ api, kubeconfig }) => {
        const { code, err } = await run(["uninstall", "--yes"], "head", [], kubeconfig);
        expect(code, err).toBe(0);
        expect(api.get(SERVING)).toBeUndefined();
      },
      "install",
      "--yes",
    ));

  describe.skipIf(!existsSync("/dev/full"))("on a full disk", () => {
    const full = (args: readonly string[], kubeconfig = world.kubeconfig): Promise<Run> => {
      const file = openSync("/dev/full", "w");
      return run(args, file, [], kubeconfig).finally(() => closeSync(file));
    };

    it.each(drawn(cases, 3, "full"))("%s says so, fails and leaves nothing", async (_, args) => {
      const { code, err, left } = await full(args);
      expect(code).toBe(1);
      expect(err.replace(/\s+/g, " ")).toContain("could not be written to stdout: no space is left.");
      expect(err).not.toMatch(/\n {4}at /);
      expect(left).toEqual([]);
    });

    it.runIf(hasUpstream)("an install does not begin when its plan cannot be shown", () =>
      elsewhere(async ({ api, kubeconfig }) => {
        expect((await full(["install", "--yes", ...RELEASE], kubeconfig)).code).toBe(1);
        expect(api.get(SERVING)).toBeUndefined();
      }),
    );
  });

  describe.skipIf(process.platform === "win32" || !hasUpstream)("where no file can get larger than it is", () => {
    const limited = ["bash", "-c", 'ulimit -f 0 && exec "$@"', "bash"];

    it("a rehearsal without its kubeconfig leaves nothing", async () => {
      const { code, err, left } = await run(["rehearse", ...RELEASE], "head", limited);
      expect({ code, left }).toEqual({ code: 1, left: [] });
      expect(err.replace(/\s+/g, " ")).toMatch(/^Error: This machine did not let .* be written:/);
    });

    it("a report that cannot be written is bad news of its own, and hinders nothing", () =>
      elsewhere(
        async ({ api, kubeconfig }) => {
          const report = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-report-")), "report.html");
          const { code, err } = await run(["uninstall", "--yes", "--report", report], "head", limited, kubeconfig);
          expect(code).toBe(1);
          expect(err.replace(/\s+/g, " ")).toContain("The report could not be written");
          expect(readdirSync(dirname(report))).toEqual([]);
          expect(api.get(SERVING)).toBeUndefined();
        },
        "install",
        "--yes",
      ));
  });
});
