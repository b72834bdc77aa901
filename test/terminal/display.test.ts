import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noTerminal, openTerminal, type Terminal, type TerminalOptions } from "./tmux.ts";

if (noTerminal !== undefined) process.stderr.write(`Skipped: the display at a terminal: ${noTerminal}.\n`);

const times = (text: string, part: string | RegExp): number => text.split(part).length - 1;

describe.skipIf(noTerminal !== undefined)("the display at a terminal", () => {
  let directory: string;
  let number = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "kn-bootstrap-display-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const program = async (args: string, options: TerminalOptions) => {
    number += 1;
    const gate = join(directory, String(number));
    const terminal = await openTerminal(`"${process.execPath}" test/terminal/display-program.ts ${args}`, {
      ...options,
      env: { ...options.env, GATE: gate },
    });
    return {
      terminal,
      open: () => writeFile(gate, ""),
      pid: async () => Number(await readFile(`${gate}.pid`, "utf8")),
    };
  };

  /** Waits until the signs of life have moved. */
  const nextFrame = async (terminal: Terminal): Promise<void> => {
    const sign = /^(.) Install part 5/m.exec(await terminal.until(/^. Install part 5/m))?.[1];
    await terminal.until(new RegExp(`^[^${sign}] Install part 5`, "m"));
  };

  const REGION = /1 of 6 steps done, /;

  it.concurrent.each([
    [80, 30],
    [40, 20],
  ])("in %i columns and %i rows: what goes on, below what stays", async (columns, rows) => {
    const { terminal, open } = await program("--yes", { columns, rows });
    await using _closed = terminal;
    const during = await terminal.until(/A warning in[\s\S]*1 of 6 steps done, /);
    expect(during).toMatch(/✓ Install the custom resource/);
    expect(during.indexOf("A warning in the middle.")).toBeLessThan(during.indexOf("Install part 1"));
    expect(times(during, "Install part")).toBe(5);
    await open();
    expect((await terminal.ended()).code).toBe(0);
    const after = await terminal.history();
    expect(after).not.toMatch(/steps? done,|of 3 changes|0 of 1 available/);
    for (let index = 1; index <= 5; index++) expect(times(after, `✓ Install part ${index}, 1.0 s`)).toBe(1);
    expect(after).toMatch(/Done after[\s\S]*Next[\s\S]*kn-bootstrap uninstall\n\[exit 0\]/);
    expect((await terminal.ended()).hasCursor).toBe(true);
  });

  it.concurrent("leaves nothing behind and takes nothing away when it is resized in the middle", async () => {
    const { terminal, open, pid } = await program("--yes", { columns: 100, rows: 40 });
    await using _closed = terminal;
    // The screen is full, as after every real plan; else tmux moves rows into its history when it wraps anew, out of our reach.
    await terminal.until(/A warning in[\s\S]*1 of 6 steps done, /);
    for (const [columns, rows] of [
      [40, 40],
      [120, 30],
      [50, 30],
    ] as const) {
      // The terminal wraps first and tells afterwards; a frame in between could not know. So that it is always or never: never.
      const stopped = await pid();
      process.kill(stopped, "SIGSTOP");
      await terminal.resize(columns, rows);
      process.kill(stopped, "SIGCONT");
      await nextFrame(terminal);
      await nextFrame(terminal);
    }
    const during = await terminal.history();
    for (let index = 1; index <= 5; index++) expect(times(during, `Install part ${index}`)).toBe(1);
    expect(times(during, /steps? done,/)).toBe(1);
    await open();
    expect((await terminal.ended()).code).toBe(0);
    const after = await terminal.history();
    expect(times(after, "A warning in the middle.")).toBe(1);
    expect(times(after, "12 established")).toBe(1);
    expect(after).not.toMatch(/steps? done,|of 3 changes/);
  });

  it.concurrent("ends at Ctrl-C with 130, the cursor in sight, and says what was done", async () => {
    const { terminal } = await program("--yes", { columns: 80, rows: 30 });
    await using _closed = terminal;
    await terminal.until(REGION);
    await terminal.press("C-c");
    expect((await terminal.ended()).code).toBe(130);
    const after = await terminal.history();
    expect(after).toMatch(/Interrupted after 31 s: 1 of 4 steps done, what is done is kept\./);
    expect(after).toMatch(/Interrupted\. Run the same command again; what is done is kept\.\n\[exit 130\]/);
    expect(after).not.toMatch(/\^C|of 3 changes/);
    expect((await terminal.ended()).hasCursor).toBe(true);
  });

  it.concurrent("does not disturb the question", async () => {
    const { terminal, open } = await program("", { columns: 80, rows: 30 });
    await using _closed = terminal;
    await terminal.until(/Apply this to context kind-kind\? \[y\/N\]/);
    await terminal.press("y", "Enter");
    await terminal.until(REGION);
    await open();
    expect((await terminal.ended()).code).toBe(0);
    expect(await terminal.history()).toMatch(/\? \[y\/N\] y\n[\s\S]*✓ Install the custom resource definitions/);
  });

  it.concurrent.each([
    ["into a pipe", "--yes 2>&1 | cat", {}],
    ["with -v", "--yes -v", {}],
    ["in CI", "--yes", { CI: "true" }],
    ["on a dumb terminal", "--yes", { TERM: "dumb" }],
  ])("is plain lines %s", async (_name, args, env) => {
    const { terminal, open } = await program(args, { columns: 80, rows: 40, env });
    await using _closed = terminal;
    await open();
    await terminal.ended();
    const all = await terminal.history();
    expect(all).toMatch(/Install part 5 of what there is to install \(3 changes\)/);
    expect(times(all, "… step-3: Deployment knative-serving/part-3")).toBe(1);
    expect(all).not.toMatch(/steps? done,/);
  });

  it.concurrent("is quiet with -q", async () => {
    const { terminal, open } = await program("--yes -q", { columns: 80, rows: 40 });
    await using _closed = terminal;
    await open();
    expect((await terminal.ended()).code).toBe(0);
    const all = await terminal.history();
    expect(all).toContain("A warning in the middle.");
    expect(all).not.toMatch(/Install part/);
    expect(all).toContain("Done after");
  });

  it.concurrent("has colours, unless NO_COLOR says no", async () => {
    for (const [value, coloured] of [
      ["", true],
      ["1", false],
    ] as const) {
      const { terminal, open } = await program("--yes", { columns: 80, rows: 30, env: { NO_COLOR: value } });
      await using _closed = terminal;
      await terminal.until(REGION);
      expect((await terminal.history(true)).includes("\u001b[")).toBe(coloured);
      await open();
      await terminal.ended();
      expect((await terminal.history(true)).includes("\u001b[")).toBe(coloured);
    }
  });

  it.concurrent("keeps to ASCII where the locale has nothing else", async () => {
    const { terminal, open } = await program("--yes", { columns: 80, rows: 30, env: { LANG: "C" } });
    await using _closed = terminal;
    await terminal.until(REGION);
    expect(await terminal.history()).toMatch(/^\p{ASCII}*$/u);
    await open();
    expect((await terminal.ended()).code).toBe(0);
    expect(await terminal.history()).toMatch(/^\p{ASCII}*$/u);
  });
});

describe.skipIf(noTerminal !== undefined)("a rehearsal at a terminal", () => {
  const REHEARSAL = `"${process.execPath}" src/main.ts rehearse --dns route53 --domain apps.example.com`;

  it.concurrent("made narrower in the middle, comes to its report", async () => {
    await using terminal = await openTerminal(REHEARSAL, { columns: 80, rows: 30 });
    await terminal.until(/of \d+ steps done/);
    await terminal.resize(40, 20);
    await terminal.until(/\[exit \d+\]/);
    expect((await terminal.ended()).code).toBe(0);
    const all = await terminal.history();
    expect(all).toMatch(/Done after[\s\S]*Created \d+ objects[\s\S]*█ the chain that took longest/);
    expect(all).not.toMatch(/steps done,/);
    expect(times(all, "✓ Set the domain, ")).toBe(1);
  });

  it.concurrent("stops at Ctrl-C", async () => {
    await using terminal = await openTerminal(REHEARSAL, { columns: 40, rows: 20 });
    await terminal.until(/of \d+ steps done/);
    await terminal.press("C-c");
    expect((await terminal.ended()).code).toBe(130);
    const all = await terminal.history();
    expect(all).toMatch(/Interrupted after/);
    expect(all).not.toMatch(/steps done, \d+ s/);
    expect((await terminal.ended()).hasCursor).toBe(true);
  });
});
