import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import type { Command } from "../../src/cli/commands/index.ts";
import type { CommandContext } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/index.ts";
import { createRecording } from "../../src/cli/reporter/bug-report.ts";
import { UserError } from "../../src/ports/error.ts";
import { fakeHost } from "./host.ts";
import { change, failedReport, plan } from "./plans.ts";

const command = (run: (ctx: CommandContext) => Promise<number>): readonly Command[] => [
  { name: "install", summary: "Install", run },
];

const secret = change("create", {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "wildcard-tls", namespace: "kn-bootstrap" },
  data: { "tls.key": "aHVudGVyMg==" },
});

describe("a bug", () => {
  let state: string;
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "kn-bootstrap-state-"));
  });
  afterAll(() => rm(state, { recursive: true }));

  const crash = async (argv: readonly string[], run: (ctx: CommandContext) => Promise<number>) => {
    await rm(join(state, "kn-bootstrap"), { recursive: true, force: true });
    const host = fakeHost(argv, { env: { LANG: "C.UTF-8", XDG_STATE_HOME: state } });
    const code = await runCli(host, command(run));
    const files = await readdir(join(state, "kn-bootstrap")).catch(() => []);
    const [file = ""] = files;
    const path = join(state, "kn-bootstrap", file);
    return { code, host, files, path, text: file ? await readFile(path, "utf8") : "" };
  };

  it("writes down what happened, and names the file", async () => {
    const { code, host, files, path, text } = await crash(["--domain", "apps.example.com"], async (ctx) => {
      ctx.emit({ type: "target", context: "kind-kind", server: "https://127.0.0.1:6443", version: "1.36.2" });
      ctx.emit({ type: "plan", plan });
      throw new TypeError("x is undefined", { cause: new Error("deep down") });
    });
    expect(code).toBe(1);
    expect(files).toHaveLength(1);
    expect(host.err()).toContain("This is a bug in kn-bootstrap: x is undefined.");
    expect(host.err()).toContain(`\n  cat ${path}\n`);
    expect(text).toContain(`kn-bootstrap  ${packageJson.version}\n`);
    expect(text).toContain(`node          ${process.versions.node} (`);
    expect(text).toContain("command line  kn-bootstrap --domain apps.example.com\n");
    expect(text).toMatch(/TypeError: x is undefined\n {6}at [\s\S]*Caused by: Error: deep down/);
    const events = text.split("Events:\n")[1]?.trim().split("\n") ?? [];
    expect(events.map((line) => JSON.parse(line).type)).toEqual(["target", "plan"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("keeps secrets out of the file", async () => {
    const { text } = await crash(["--domain", "apps.example.com"], async (ctx) => {
      ctx.emit({ type: "note", level: "info", text: "password=hunter2" });
      ctx.emit({ type: "change-done", step: "tls", change: secret });
      const error = new Error("GET failed: Authorization: Bearer abcdefghijklmnopqrstuvwxyz");
      throw Object.assign(error, { request: { headers: { authorization: "Basic c2VjcmV0" }, token: "t0psecret" } });
    });
    expect(text).toContain("wildcard-tls");
    expect(text).not.toMatch(/hunter2|aHVudGVyMg|abcdefghij|c2VjcmV0|t0psecret/);
  });

  it("in the middle of a run does the same", async () => {
    const { code, text, host } = await crash(["-o", "json"], async (ctx) =>
      ctx.finish({ ...failedReport, error: new RangeError("oops") }, []),
    );
    expect(code).toBe(1);
    expect(text).toContain("RangeError: oops");
    const last = JSON.parse(host.out().trim().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ type: "error", id: "bug", exitCode: 1 });
    expect(last.remedy.command).toMatch(/^cat .*kn-bootstrap-bug-/);
  });

  it("that is none writes nothing", async () => {
    const { code, files } = await crash([], () =>
      Promise.reject(new UserError({ id: "a.b", what: "It broke.", remedy: "Mend it.", kind: "unseen" })),
    );
    expect({ code, files }).toEqual({ code: 3, files: [] });
  });

  it("where nothing can be written is still told", async () => {
    const host = fakeHost([], { env: { LANG: "C.UTF-8", XDG_STATE_HOME: "/dev/null" } });
    const run = command(() => Promise.reject(new TypeError("x")));
    expect(await runCli(host, run)).toBe(1);
    expect(host.err().replaceAll("\n", " ")).toContain("Please report it with what the same command prints with -v.");
  });
});

describe("the events that are kept for it", () => {
  it("are the newest, and of a download that goes on only its state", () => {
    const recording = createRecording();
    for (let bytes = 0; bytes < 5; bytes++) recording.add({ type: "download", file: "a.yaml", bytes });
    expect(recording.events()).toEqual([{ type: "download", file: "a.yaml", bytes: 4 }]);
    for (let index = 0; index < 3_000; index++) recording.add({ type: "note", level: "info", text: `${index}` });
    expect(recording.events()).toHaveLength(2_000);
    expect(recording.events().at(-1)).toMatchObject({ text: "2999" });
  });
});
