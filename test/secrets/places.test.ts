import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/commands/index.ts";
import type { CommandContext } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/index.ts";
import { UserError } from "../../src/ports/error.ts";
import type { Seen } from "../../src/ports/facts.ts";
import { sh } from "../../src/ports/shell.ts";
import { found } from "../cli/found.ts";
import { fakeHost } from "../cli/host.ts";
import { change, failedReport, plan, report } from "../cli/plans.ts";
import { isThorough } from "../thorough.ts";
import { anyEncoding, anySecret, isReadable } from "./encodings.ts";

/** Everything that a command can say, as a function of the words that came from outside. */
const PLACES: Readonly<Record<string, (ctx: CommandContext, words: string) => unknown>> = {
  "the name of the cluster": (ctx, words) =>
    ctx.emit({ type: "target", context: words, server: `https://${words}/`, version: words }),
  "a note": (ctx, words) => ctx.emit({ type: "note", level: "warning", text: words }),
  "a check": (ctx, words) =>
    ctx.emit({
      type: "check",
      id: "a.b",
      title: words,
      status: "fail",
      summary: words,
      remedy: { text: words, command: sh`kubectl get ${words}` },
    }),
  "what a check has seen": (ctx, words) => {
    const seen: Seen = {
      facts: {
        url: `https://${words}/`,
        names: [words],
        records: [{ name: words, type: "TXT", ttl: 60, values: [words] }],
      },
      evidence: [{ field: words, observed: { [words]: words }, expected: [words] }],
    };
    ctx.emit({ type: "check", id: "a.b", title: "A", status: "ok", summary: "well", ...seen });
    ctx.emit({ type: "waiting", step: "a", check: "a.b", reason: words, ...seen });
    ctx.emit({ type: "step-done", step: "a", title: "A", seconds: 1, changes: [], findings: [found("well", seen)] });
    throw new UserError({ id: "a.b", what: "It failed.", remedy: "Mend it.", kind: "failed", seen });
  },
  "a plan": (ctx, words) =>
    ctx.emit({
      type: "plan",
      plan: {
        goal: "present",
        steps: [
          {
            step: "a",
            title: words,
            notes: [words],
            changes: [
              change(
                "update",
                { apiVersion: "v1", kind: "ConfigMap", metadata: { name: words, annotations: { [words]: words } } },
                {
                  fields: [{ path: words, from: words, to: words }],
                  conflicts: [{ path: words, owner: words, to: words }],
                },
              ),
            ],
          },
        ],
      },
    }),
  "a wait": (ctx, words) => {
    ctx.emit({ type: "plan", plan });
    ctx.emit({ type: "step-started", step: "core", title: "Install", changes: 2 });
    ctx.emit({
      type: "waiting",
      step: "core",
      check: "a.b",
      reason: words,
      remedy: { text: words, command: sh`kubectl get ${words}` },
    });
  },
  "what must be copied": (ctx, words) =>
    ctx.emit({ type: "waiting", step: "a", check: "a.b", reason: `Do:\n${words}` }),
  "the end of a step": (ctx, words) => {
    ctx.emit({ type: "step-started", step: "a", title: words, changes: 1 });
    ctx.emit({ type: "step-done", step: "a", title: words, seconds: 1, changes: [], findings: [found(words)] });
    ctx.emit({ type: "step-failed", step: "b", title: words, seconds: 1, error: words });
    ctx.emit({ type: "step-skipped", step: "c", title: words, reason: words });
  },
  "a download": (ctx, words) => ctx.emit({ type: "download", file: words, bytes: 1, total: 1 }),
  "a report": (ctx, words) =>
    ctx.finish(
      {
        ...report,
        steps: report.steps.map((step) => ({ ...step, title: words, error: words, findings: [found(words)] })),
      },
      [{ text: words, command: sh`kubectl get ${words}` }],
    ),
  "the error of a report": (ctx, words) => ctx.finish({ ...failedReport, error: new Error(words) }, []),
  "an error for people": (_ctx, words) => {
    throw new UserError({
      id: "a.b",
      what: words,
      why: words,
      remedy: { text: words, command: sh`kubectl get ${words}` },
      kind: "failed",
    });
  },
  "a bug": (_ctx, words) => {
    throw new TypeError(words, { cause: new Error(words) });
  },
  "a bug after events": (ctx, words) => {
    ctx.emit({ type: "note", level: "info", text: words });
    throw new TypeError("x is undefined");
  },
  "a result": (ctx, words) => ctx.stdout(`${words}\n`),
  "a word aside": (ctx, words) => ctx.stderr(`${words}\n`),
};

const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-places-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MODES: Readonly<Record<string, { readonly args: readonly string[]; readonly terminal?: true }>> = {
  "plain lines": { args: [] },
  "plain lines with -v": { args: ["-v"] },
  JSON: { args: ["-o", "json"] },
  "a terminal": { args: [], terminal: true },
};

const stream = (terminal = false): PassThrough =>
  Object.assign(new PassThrough(), terminal ? { isTTY: true, columns: 80, rows: 24 } : {});

/** Everything that one run left behind: both streams, the page, the bug report. */
const outputOf = async (
  { args, terminal }: (typeof MODES)[string],
  env: Record<string, string>,
  work: (ctx: CommandContext) => unknown,
): Promise<string> => {
  const state = mkdtempSync(join(folder, "run-"));
  const page = join(state, "page.html");
  const [stdout, stderr] = [stream(terminal), stream(terminal)];
  const host = fakeHost(["--report", page, ...args], {
    env: { LANG: "C.UTF-8", TERM: "xterm", XDG_STATE_HOME: state, ...env },
    stdout,
    stderr,
  });
  const run = async (ctx: CommandContext): Promise<number> => {
    await work(ctx);
    // A frame of what is in motion.
    if (terminal) await new Promise((resolve) => setTimeout(resolve, 150));
    return 0;
  };
  const commands: readonly Command[] = [{ name: "install", summary: "Install", run }];
  await runCli(host, commands);
  const bugs = readdirSync(state, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".txt"));
  const paths = [page, ...bugs.map((name) => join(state, name))].filter((path) => existsSync(path));
  const files = paths.map((path) => readFileSync(path, "utf8"));
  const all = [stdout, stderr].map((each) => String(each.read() ?? ""));
  rmSync(state, { recursive: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and what moves the cursor
  return [...all, ...files].join("\n").replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, "");
};

const any = fc.tuple(anySecret, anyEncoding, fc.constantFrom(...Object.entries(PLACES)), fc.string({ maxLength: 3 }));

describe("of a secret that is known nothing can be read", () => {
  it.each(Object.entries(MODES))(
    "in %s, the page and the bug report",
    async (_name, mode) => {
      await fc.assert(
        fc.asyncProperty(any, async ([secret, [, encode], [, say], around]) => {
          const words = `it said ${encode(secret, around)} and ended`;
          const output = await outputOf(mode, { SOME_TOKEN: secret }, (ctx) => say(ctx, words));
          // What is in motion at a terminal is drawn in frames, and may be over before the first one.
          if (!mode.terminal) expect(output).toContain("[redacted]");
          expect(isReadable(output, secret), output).toBe(false);
        }),
        { numRuns: Math.ceil((mode.terminal ? 40 : 150) / (isThorough ? 1 : 4)), endOnFailure: true },
      );
    },
    60_000,
  );

  it("where it becomes known after it was said, in what is written at the end", async () => {
    const secret = "late-4f7c9a1e2b3d5f60";
    const output = await outputOf({ args: ["-q"] }, {}, (ctx) => {
      ctx.emit({ type: "note", level: "info", text: `it said ${secret}` });
      ctx.learn(secret);
      throw new TypeError("x is undefined");
    });
    expect(output).toContain("it said [redacted]");
    expect(output).not.toContain(secret);
  });

  it("that stands in an address of the command line, right or wrong", async () => {
    for (const option of ["--kubeconfig", "--release-mirror", "--no-such-option"]) {
      const output = await outputOf({ args: [option, "https://me:p4ss-w0rd-9f8e@mirror.example.com"] }, {}, () => {
        throw new TypeError("p4ss-w0rd-9f8e is undefined");
      });
      expect(output).toMatch(/\S/);
      expect(output).not.toContain("p4ss-w0rd");
    }
  });
});
