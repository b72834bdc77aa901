import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { directed, normalised } from "../../scripts/recording/normal.ts";
import { spansOf } from "../../scripts/recording/spans.ts";
import { filmSvg } from "../../scripts/recording/svg.ts";
import { film, hasTmux } from "../../scripts/recording/terminal.ts";

const PICTURE = { title: "A run", columns: 20, rows: 4, rest: 5 };

describe("a terminal recording", () => {
  it("knows what each character looks like, and where it is", () => {
    expect(spansOf("\u001b[1mTitle\u001b[0m  a b   \u001b[32m✓\u001b[39m \u001b[2;31mx\u001b[22my\u001b[0m")).toEqual([
      { column: 0, text: "Title", look: "bold" },
      { column: 7, text: "a b", look: "" },
      { column: 13, text: "✓", look: "green" },
      { column: 15, text: "x", look: "dim red" },
      { column: 16, text: "y", look: "red" },
    ]);
    expect(spansOf("\u001b[38;5;2mx\u001b[48;2;1;2;31my\u001b[90mz")).toEqual([
      { column: 0, text: "x", look: "" },
      { column: 1, text: "y", look: "" },
      { column: 2, text: "z", look: "dim" },
    ]);
  });

  it("draws a line once, however often it is seen, and ends with the last screen", () => {
    const frames = [
      { at: 0, lines: ["$ <b>&"] },
      { at: 1, lines: ["$ <b>&", "done"] },
    ];
    const svg = filmSvg(frames, PICTURE);
    expect(svg.match(/&lt;b&gt;&amp;/g)).toHaveLength(1);
    expect(svg.match(/<use /g)).toHaveLength(3);
    expect(svg).toContain("animation:film 6s steps(1,end) infinite");
    expect(svg).toContain("@keyframes film{0%{transform:translateY(0px)}16.67%{transform:translateY(-72px)}}");
    expect(svg).toContain(".film{transform:translateY(-72px)");
  });

  it("says nothing of the machine, and the same in every run", () => {
    const [frame] = normalised(
      [
        {
          at: 0,
          lines: [
            "https://127.0.0.1:41763 and https://127.0.0.1:35001, again 127.0.0.1:41763",
            "in /tmp/kn-bootstrap-xyz/kubeconfig and /home/me/src/kn/main.ts",
            "zone Z000000000LXXS, id 738e1c29-1353-4ab4-b8f4-408b43d07aaa",
          ],
        },
      ],
      "/home/me/src/kn",
    );
    expect(frame?.lines).toEqual([
      "https://127.0.0.1:6443 and https://127.0.0.1:14000, again 127.0.0.1:6443",
      "in /tmp/run and ~/kn-bootstrap/main.ts",
      "zone Z0123456789ABC, id 00000000-0000-4000-8000-000000000000",
    ]);
  });

  it("types its command, shortens pauses and stays where there is something to read", () => {
    const frames = [0, 1, 9].map((at) => ({ at, lines: [at === 1 ? "Plan: 1" : "x"] }));
    const times = directed(frames, { prompt: "$ a b", pause: 2, hold: { at: /Plan/, seconds: 3 } }).map(({ at }) => at);
    expect(times.slice(0, 4)).toEqual([0, 0.4, 0.65, 0.9]);
    expect(times.slice(4).map((at) => Math.round((at - (times[4] ?? 0)) * 10) / 10)).toEqual([0, 1, 6]);
  });

  it.skipIf(!hasTmux())("films what a real terminal shows", async () => {
    let looks = 0;
    const frames = await film({
      script: `printf '\\033[32mgreen\\033[0m\\n'; sleep 60`,
      columns: 40,
      rows: 5,
      env: process.env,
      every: 0.05,
      isOver: () => ++looks > 10,
      longest: 20,
    });
    expect(spansOf(frames.at(-1)?.lines[0] ?? "")).toEqual([{ column: 0, text: "green", look: "green" }]);
  });
  if (!hasTmux()) process.stderr.write("skipped: tmux is not on PATH; nothing is filmed\n");
});

describe("docs/recording.svg", () => {
  const svg = readFileSync(resolve(import.meta.dirname, "../../docs/recording.svg"), "utf8");

  it("is small, needs nothing from elsewhere, runs no script and says nothing of the machine it was made on", () => {
    expect(svg.length).toBeLessThan(200_000);
    expect(svg).not.toMatch(/<script|<foreignObject|\son\w+=|@import|url\(|href="(?!#)/i);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/http:\/\/(?!hello)/);
    expect(svg).not.toMatch(/\/(work|home|root|tmp|Users)\//);
    expect([...svg.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => match[1])).not.toContainEqual(
      expect.stringMatching(/^[1-9]\d{4,}$(?<!14000)/),
    );
  });

  it("shows the command and that it was done", () => {
    expect(svg).toContain("kn-bootstrap rehearse --dns route53 --domain apps.example.com");
    expect(svg).toMatch(/Done after/);
    expect(svg).not.toMatch(/stand-ins|Error:/);
  });
});
