import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/commands/index.ts";
import { runCli } from "../../src/cli/index.ts";
import { UserError } from "../../src/ports/error.ts";
import { MASK } from "../../src/secrets/looks.ts";
import { fakeHost } from "../cli/host.ts";
import { drawn } from "../thorough.ts";
import { PAYLOADS, recorder } from "./shells.ts";
import { type News, SOURCES } from "./sources.ts";

const shell = recorder();
afterAll(() => shell.close());

/** A run that has only this to say, in every place where the engine says something. */
const telling = ({ what, remedy }: News): readonly Command[] => [
  {
    name: "install",
    summary: "Install",
    run: async (ctx) => {
      ctx.emit({ type: "target", context: what, server: what, version: what });
      ctx.emit({ type: "note", level: "warning", text: what });
      ctx.emit({ type: "check", id: "a.b", title: what, status: "fail", summary: what, remedy });
      ctx.emit({ type: "step-started", step: "s", title: "A step", changes: 1 });
      ctx.emit({ type: "waiting", step: "s", check: "a.b", reason: what, remedy });
      ctx.emit({ type: "step-failed", step: "s", title: "A step", seconds: 1, error: what });
      throw new UserError({ id: "a.b", what, why: what, remedy, kind: "failed" });
    },
  },
];

const run = async (news: News, args: readonly string[], changes: Parameters<typeof fakeHost>[1] = {}) => {
  const host = fakeHost(["install", ...args], changes);
  expect(await runCli(host, telling(news))).toBe(1);
  await new Promise(setImmediate);
  return { out: host.out(), err: host.err() };
};

/** Whatever shows nothing or moves others; line ends are ours. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const OURS = new RegExp(`${"\\u001b"}\\[(?:[\\d;]*m|\\?2026[hl]|2K|\\d+A)|\\r`, "g");
/** Colours, and what the live region is drawn with: of our own making. */
const withoutOurs = (text: string): string => text.replace(OURS, "");
/** Lines of the payloads that would look like a command or like ours. */
const ALIKE = /^\s*(?:touch hit|Error: fake)/;
const COLUMNS = 80;
/** Such lines, but for those where we were at the end of a line ourselves. */
const alike = (text: string): readonly string[] => {
  const lines = text.split("\n");
  return lines.filter((line, index) => {
    const room = COLUMNS - (lines[index - 1] ?? "").length - 1;
    return ALIKE.test(line) && (index === 0 || (line.trim().split(" ")[0] ?? "").length <= room);
  });
};

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

describe.each(SOURCES)("%s", (source, news) => {
  // Each source meets others of them.
  const payloads = drawn(PAYLOADS, 8, source);

  it("runs nothing that was not named when a command about it is pasted", async () => {
    for (const payload of payloads) {
      const { remedy } = await news(payload);
      if (remedy.command === undefined) continue;
      expect(remedy.command).not.toMatch(UNSEEN);
      expect(shell.paste(remedy.command), remedy.command).toEqual({ ran: [], made: [] });
    }
  });

  it("is plain to see in lines, JSON, at a terminal and on the page, and starts no line of its own", async () => {
    const page = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-page-")), "report.html");
    for (const payload of payloads.filter((one) => UNSEEN.test(one) || one.includes("\n") || one.includes("’"))) {
      const bad = await news(payload);
      const plain = await run(bad, ["--report", page]);
      expect(plain.err).not.toMatch(UNSEEN);
      expect(alike(plain.err)).toEqual([]);
      expect(readFileSync(page, "utf8")).not.toMatch(UNSEEN);

      const json = await run(bad, ["-o", "json"]);
      for (const line of json.out.trim().split("\n"))
        for (const text of textsIn(JSON.parse(line))) {
          expect(text).not.toMatch(UNSEEN);
          expect(
            text
              .split("\n")
              .slice(1)
              .filter((one) => ALIKE.test(one)),
          ).toEqual([]);
        }

      const terminal = { isTTY: true, columns: COLUMNS, rows: 24 };
      const streams = fakeHost([]);
      const live = await run(bad, [], {
        env: { LANG: "C.UTF-8", TERM: "xterm-256color" },
        stdout: Object.assign(streams.stdout, terminal),
        stderr: Object.assign(streams.stderr, terminal),
      });
      expect(live.err).toBe("");
      expect(withoutOurs(streams.err())).not.toMatch(UNSEEN);
      expect(alike(withoutOurs(streams.err()))).toEqual([]);
    }
  });

  it("runs nothing either where the place is ASCII only", async () => {
    for (const payload of payloads) {
      const bad = await news(payload);
      const { err } = await run(bad, [], { env: { LANG: "C" } });
      const { command = "" } = bad.remedy;
      if (!command) continue;
      const lines = err.trimEnd().split("\n").slice(-command.split("\n").length);
      const shown = lines.map((line) => line.slice(2)).join("\n");
      // What looks like a secret is masked, and shorter then.
      if (!shown.includes(MASK)) expect(shown.length, shown).toBeGreaterThanOrEqual(command.length);
      expect(shell.paste(shown), shown).toEqual({ ran: [], made: [] });
    }
  });
});
