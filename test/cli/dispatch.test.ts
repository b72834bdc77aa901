import { describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/commands/index.ts";
import type { CommandContext } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/index.ts";
import { Interrupted, UserError } from "../../src/ports/error.ts";
import { fakeHost } from "./host.ts";
import { failedReport, plan, report } from "./plans.ts";

const command = (run: (ctx: CommandContext) => Promise<number>): readonly Command[] => [
  { name: "install", summary: "Install", run },
];

describe("runCli", () => {
  it("gives the command its options and returns its exit code", async () => {
    let seen: CommandContext | undefined;
    const host = fakeHost(["--domain", "Apps.Example.com", "--no-color"], {
      env: { KN_BOOTSTRAP_TLS: "none", LANG: "C.UTF-8", COLUMNS: "60" },
    });
    const code = await runCli(
      host,
      command(async (ctx) => {
        seen = ctx;
        return 3;
      }),
    );
    expect(code).toBe(3);
    expect(seen?.config).toMatchObject({ domain: "apps.example.com", tls: "none", color: false });
    expect(seen?.look).toEqual({ columns: 60, unicode: true, color: false });
    expect(seen?.stdinIsTTY).toBe(false);
  });

  it("writes the result to stdout and the rest to stderr", async () => {
    const host = fakeHost([]);
    const run = command(async (ctx) => {
      ctx.emit({ type: "plan", plan });
      ctx.emit({ type: "waiting", step: "core", check: "x.y", reason: "pods" });
      return ctx.finish(report, []);
    });
    expect(await runCli(host, run)).toBe(0);
    expect(host.out()).toMatch(/Plan: 10 to create[\s\S]*Done after/);
    expect(host.out()).not.toContain("core: pods");
    expect(host.err()).toContain("… core: pods");
  });

  it("writes nothing but JSON to stdout with -o json, in good and in bad times", async () => {
    for (const failing of [false, true]) {
      const host = fakeHost(["-o", "json"]);
      const run = command(async (ctx) => {
        ctx.emit({ type: "plan", plan });
        return ctx.finish(failing ? failedReport : report, []);
      });
      expect(await runCli(host, run)).toBe(failing ? 1 : 0);
      const types = host
        .out()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).type);
      expect(types).toEqual(["plan", "report", ...(failing ? ["error"] : [])]);
      expect(host.err()).toContain(failing ? "Error: " : "");
    }
  });

  it.each([
    [["--domian", "x"], "cli.option"],
    [["--domain", "localhost"], "config.value"],
    [["--http", "redirect", "--tls", "none"], "config.redirect"],
    [["frobnicate"], "cli.command"],
  ])("%j exits with 2, in text and in JSON, and runs nothing", async (argv, id) => {
    for (const extra of [[], ["-o", "json"], ["--output=json"], ["-ojson"]]) {
      const host = fakeHost([...argv, ...extra]);
      let ran = false;
      const run = command(async () => {
        ran = true;
        return 0;
      });
      expect(await runCli(host, run)).toBe(2);
      expect(ran).toBe(false);
      expect(host.err()).toMatch(/^Error: /);
      if (extra.length > 0) expect(JSON.parse(host.out())).toMatchObject({ type: "error", id, exitCode: 2 });
      else expect(host.out()).toBe("");
    }
  });

  it("reports what a command throws", async () => {
    const user = new UserError({ id: "a.b", what: "It broke.", remedy: "Mend it.", kind: "unseen" });
    const host = fakeHost([]);
    expect(
      await runCli(
        host,
        command(() => Promise.reject(user)),
      ),
    ).toBe(3);
    expect(host.err()).toBe("Error: It broke. Mend it.\n");
    const bug = fakeHost([]);
    expect(
      await runCli(
        bug,
        command(() => Promise.reject(new TypeError("x"))),
      ),
    ).toBe(1);
    expect(bug.err()).toContain("This is a bug in kn-bootstrap: x.");
  });

  it("ends with the signal's code whatever the abort looked like below", async () => {
    const stop = new AbortController();
    stop.abort(new Interrupted("SIGTERM"));
    const host = fakeHost([], { signal: stop.signal });
    expect(
      await runCli(
        host,
        command(() => Promise.reject(new DOMException("aborted", "AbortError"))),
      ),
    ).toBe(143);
    expect(host.err()).toBe("Interrupted. Nothing was changed.\n");
    const { error: _error, ...cutOff } = failedReport;
    const later = fakeHost([], { signal: stop.signal });
    expect(
      await runCli(
        later,
        command(async (ctx) => ctx.finish({ ...cutOff, outcome: "interrupted", error: new Interrupted("SIGINT") }, [])),
      ),
    ).toBe(130);
    expect(later.out()).toContain("Interrupted after 31 s: 1 of 4 steps done");
  });

  it("asks for --yes where nobody can be asked", async () => {
    const ask = command(async (ctx) => ((await ctx.confirm("Apply?")) ? 0 : 1));
    const host = fakeHost([]);
    expect(await runCli(host, ask)).toBe(2);
    expect(host.err()).toContain("--yes");
    expect(await runCli(fakeHost(["-y"]), ask)).toBe(0);
  });
});
