import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBoard } from "../../src/cli/reporter/board.ts";
import { cells } from "../../src/cli/reporter/cells.ts";
import { cut, type Look } from "../../src/cli/reporter/look.ts";
import { openOutput, type Settings } from "../../src/cli/reporter/output.ts";
import { plainReporter } from "../../src/cli/reporter/plain.ts";
import { createScreen, reflows } from "../../src/cli/reporter/screen.ts";
import { createSteps } from "../../src/cli/reporter/steps.ts";
import { terminalReporter } from "../../src/cli/reporter/tasks.ts";
import type { Event } from "../../src/core/event.ts";
import { sh } from "../../src/ports/shell.ts";
import { emulator } from "./emulator.ts";
import { found } from "./found.ts";
import { fakeHost } from "./host.ts";
import { change, next, plan, report } from "./plans.ts";

const LOOK: Look = { columns: 80, color: false, unicode: true };

const started = (step: string, title: string, changes: number): Event => ({
  type: "step-started",
  step,
  title,
  changes,
});
const namespace = change("create", { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } });
const done = (step: string): Event => ({ type: "change-done", step, change: namespace });
const waiting = (step: string, reason: string): Event & { readonly type: "waiting" } => ({
  type: "waiting",
  step,
  check: "a.b",
  reason,
  remedy: {
    text: "Look at its log, or give it more time.",
    command: sh`kubectl logs -n knative-serving deploy/webhook`,
  },
});

/** listr2 has been loaded, and has come to know what was told. */
const settled = async (): Promise<void> => {
  await import("../../src/cli/reporter/list.ts");
  await new Promise(setImmediate);
};

const board = () => {
  let now = 100;
  const clock = () => now;
  const all = createBoard(clock, createSteps({ now: clock }));
  return {
    ...all,
    pass: (seconds: number) => {
      now += seconds;
    },
    text: (look: Partial<Look> = {}, rows = 12, frame = 0) => all.lines({ ...LOOK, ...look }, rows, frame).join("\n"),
  };
};

const busy = async () => {
  const one = board();
  one.take({ type: "plan", plan });
  one.take(started("core", "Install Knative Serving 1.23.0", 45));
  one.take(started("certificate", "Get a certificate from Let's Encrypt", 1));
  one.take(started("ingress", "Install Kourier 1.23.0", 12));
  for (let index = 0; index < 7; index++) one.take(done("core"));
  one.pass(3.4);
  one.take(
    waiting("core", "Deployment knative-serving/webhook: 0 of 1 available, and a long reason that has more to say"),
  );
  one.take(waiting("certificate", "the CA is checking the TXT records"));
  one.pass(5);
  await settled();
  return one;
};

describe("what is going on", () => {
  it.each([40, 80, 120])("in %i columns", async (columns) => {
    const text = (await busy()).text({ columns });
    for (const line of text.split("\n")) expect(cells(line)).toBeLessThan(columns);
    await expect(text).toMatchFileSnapshot(`golden/board-${columns}.txt`);
  });

  it("in ASCII, and with colours", async () => {
    const ascii = (await busy()).text({ unicode: false });
    expect(ascii).toMatch(/^\p{ASCII}*$/u);
    await expect(ascii).toMatchFileSnapshot("golden/board-ascii.txt");
    await expect((await busy()).text({ color: true })).toMatchFileSnapshot("golden/board-colour.txt");
  });

  it("says what can be done when a wait lasts longer than ten seconds, and not before", async () => {
    const one = await busy();
    expect(one.text()).not.toContain("Look at its log");
    one.pass(6);
    expect(one.text()).toContain("    kubectl logs -n knative-serving deploy/webhook");
    await expect(one.text()).toMatchFileSnapshot("golden/board-late.txt");
    one.take(waiting("core", "Deployment knative-serving/webhook: 1 of 1 available"));
    one.take(waiting("certificate", "the order is being finalized"));
    await settled();
    expect(one.text()).not.toContain("Look at its log");
  });

  it("goes into as many lines as there are: first without remedies, then without reasons, then without steps", async () => {
    const one = await busy();
    one.pass(20);
    for (let rows = 20; rows >= 2; rows--) {
      const lines = one.lines(LOOK, rows, 0);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.at(-1)).toMatch(/^0 of 6 steps done, 28 s$/);
    }
    expect(one.text({}, 7)).toContain("0 of 1 available");
    expect(one.text({}, 4)).toContain("Install Kourier");
    expect(one.text({}, 3)).toContain("… 2 more");
  });

  it("counts the changes of a step, and forgets its reason when all are done", async () => {
    const one = board();
    one.take(started("a", "A", 2));
    one.take(waiting("a", "the webhook is starting"));
    one.take(done("a"));
    await settled();
    expect(one.text()).toMatch(/A, 1 of 2 changes, 0 s\n {2}the webhook is starting/);
    one.take(done("a"));
    await settled();
    expect(one.text()).toMatch(/A, 0 s\n0 of/);
  });

  it("shows the bytes of downloads together, and waits that belong to no step", async () => {
    const one = board();
    one.take({ type: "download", file: "serving/1.23.0/serving-core.yaml", bytes: 300_000, total: 1_200_000 });
    one.take({ type: "download", file: "net-kourier/1.23.0/kourier.yaml", bytes: 20_000, total: 20_000 });
    expect(one.text()).toBe("⠋ Downloading 2 files, 320 kB of 1.2 MB: serving/1.23.0/serving-core.yaml");
    one.take({ type: "plan", plan });
    expect(one.text()).toBe("");
    one.take({ type: "waiting", step: "lock", check: "lock.free", reason: "held by ci@build-7" });
    one.pass(2);
    expect(one.text()).toBe("⠋ Wait for the lock, 2 s\n  held by ci@build-7");
    one.take(started("a", "A", 0));
    await settled();
    expect(one.text()).toMatch(/A, 0 s/);
    expect(one.text()).not.toContain("lock");
  });
});

describe("texts on a terminal", () => {
  it.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["✓ ok", 4],
    ["\u001b[32mok\u001b[39m", 2],
  ])("%j takes %i places", (text, places) => expect(cells(text)).toBe(places));

  it("are cut by places, not by characters", () => {
    expect(cut("日本語", 6, LOOK)).toBe("日本語");
    expect(cut("日本語", 5, LOOK)).toBe("日本…");
    expect(cut("abcdef", 5, { ...LOOK, unicode: false })).toBe("ab...");
  });
});

describe("a region below the lines that stay", () => {
  const scene = (columns: number, wraps = true) => {
    const terminal = emulator(columns);
    let region: readonly string[] = [];
    const screen = createScreen({
      stdout: terminal.write,
      stderr: terminal.write,
      columns: terminal.columns,
      rows: () => 200,
      reflows: wraps,
      region: () => region,
    });
    return {
      terminal,
      screen,
      show: (...lines: readonly string[]) => {
        region = lines;
        screen.refresh();
      },
    };
  };

  it("changes in place, and what is printed stays above it", () => {
    const { terminal, screen, show } = scene(20);
    show("one", "two");
    expect(terminal.text()).toBe("one\ntwo\n");
    screen.print("stdout", "stays\n");
    show("one", "2", "three");
    expect(terminal.text()).toBe("stays\none\n2\nthree\n");
    show();
    expect(terminal.text()).toBe("stays\n");
  });

  it("writes nothing when nothing changed", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    const screen = createScreen({
      stdout: write,
      stderr: write,
      columns: () => 20,
      rows: () => 20,
      reflows: true,
      region: () => ["a"],
    });
    screen.refresh();
    expect(written).toHaveLength(1);
    screen.refresh();
    expect(written).toHaveLength(1);
  });

  it("is away while somebody is asked, and after a text that does not end its line", async () => {
    const { terminal, screen, show } = scene(20);
    show("region");
    await screen.aside(async () => {
      expect(terminal.text()).toBe("");
      show("other");
      terminal.write("Apply? y\n");
    });
    screen.refresh();
    expect(terminal.text()).toBe("Apply? y\nother\n");
    screen.print("stdout", "half");
    screen.refresh();
    expect(terminal.text()).toBe("Apply? y\nhalf\n");
    screen.print("stdout", " and half\n");
    screen.refresh();
    expect(terminal.text()).toBe("Apply? y\nhalf and half\nother\n");
    screen.close();
    screen.refresh();
    expect(terminal.text()).toBe("Apply? y\nhalf and half\n");
  });

  it("leaves no line behind and takes none away, whatever is printed, shown and resized", () => {
    const line = fc
      .string({ unit: fc.constantFrom("a", "b", " ", "…", "-"), maxLength: 60 })
      .map((text) => `x${text}x`);
    const act = fc.oneof(
      fc.record({ kind: fc.constant("show" as const), lines: fc.array(line, { maxLength: 5 }) }),
      fc.record({ kind: fc.constant("print" as const), lines: fc.array(line, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constant("resize" as const), columns: fc.integer({ min: 5, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
        const { terminal, screen, show } = scene(30);
        const kept: string[] = [];
        let region: readonly string[] = [];
        for (const one of acts) {
          if (one.kind === "show") {
            region = one.lines;
            show(...region);
          } else if (one.kind === "print") {
            kept.push(...one.lines);
            screen.print("stdout", `${one.lines.join("\n")}\n`);
          } else {
            terminal.resize(one.columns);
            screen.refresh();
          }
          expect(terminal.text()).toBe([...kept, ...region].map((text) => `${text}\n`).join(""));
        }
      }),
    );
  });

  it.each([
    [{ TERM: "xterm-256color" }, true],
    [{ TERM: "xterm", XTERM_VERSION: "XTerm(379)" }, false],
    [{ TERM: "linux" }, false],
    [{ TERM: "screen.xterm-256color" }, false],
    [{ TERM: "screen-256color", TMUX: "/tmp/x,1,0" }, true],
  ])("%j wraps anew: %s", (env, expected) => expect(reflows(env)).toBe(expected));
});

describe("lines change in place", () => {
  const terminal = (): PassThrough & { isTTY: boolean } => Object.assign(new PassThrough(), { isTTY: true });
  const usual: Settings = { output: "text", quiet: false, verbose: false, color: false };

  it.each<[string, boolean, Record<string, string>, Partial<Settings>, object]>([
    ["at a terminal", true, {}, {}, {}],
    ["with CI=false", true, { CI: "false" }, {}, {}],
    ["without colours", true, { NO_COLOR: "1" }, {}, {}],
    ["not in CI", false, { CI: "true" }, {}, {}],
    ["not on a dumb terminal", false, { TERM: "dumb" }, {}, {}],
    ["not with -v", false, {}, { verbose: true }, {}],
    ["not with -q", false, {}, { quiet: true }, {}],
    ["not with -o json", false, {}, { output: "json" }, {}],
    ["not when stdout is a pipe", false, {}, {}, { stdout: new PassThrough() }],
    ["not when stderr is a file", false, {}, {}, { stderr: new PassThrough() }],
  ])("%s", async (_name, lively, env, settings, streams) => {
    const host = fakeHost([], { env, stdout: terminal(), stderr: terminal(), ...streams });
    const stderr: string[] = [];
    host.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
    const output = await openOutput(host, { ...usual, ...settings });
    output.reporter.emit(started("a", "Install a part", 3));
    output.stderr("a line\n");
    output.close();
    await new Promise(setImmediate);
    expect(stderr.join("").includes("Install a part (3 changes)")).toBe(!lively && !settings.quiet);
  });
});

describe("progress at a terminal", () => {
  const events: readonly Event[] = [
    { type: "target", context: "kind-kind", server: "https://127.0.0.1:6443", version: "1.36.2" },
    { type: "download", file: "a.yaml", bytes: 10, total: 1000 },
    { type: "download", file: "a.yaml", bytes: 1000, total: 1000 },
    { type: "plan", plan },
    started("crds", "Install CRDs", 2),
    started("records", "Publish the records by hand", 1),
    { type: "note", level: "warning", text: "Two nodes only. Authorization: Bearer abcdefghijklmnopqrstuvwxyz" },
    waiting("crds", "1 of 2 established, token=abc123"),
    {
      type: "person",
      step: "records",
      check: "a.b",
      action: "publish",
      zone: "example.com",
      records: [
        {
          name: "_acme-challenge.apps.example.com",
          type: "TXT",
          ttl: 60,
          values: ["one-very-long-value-that-is-there-to-be-copied"],
        },
      ],
    },
    done("crds"),
    {
      type: "step-done",
      step: "crds",
      title: "Install CRDs",
      seconds: 2.1,
      changes: [],
      findings: [found("2 established")],
    },
    { type: "step-failed", step: "records", title: "Publish the records by hand", seconds: 31, error: "not there" },
  ];

  const run = async (load?: () => Promise<never>) => {
    const terminal = emulator(80);
    let tick = (): void => {};
    let running = 0;
    const frames: string[] = [];
    const reporter = terminalReporter({
      stdout: terminal.write,
      stderr: terminal.write,
      look: LOOK,
      quiet: false,
      verbose: false,
      env: {},
      columns: terminal.columns,
      rows: () => 30,
      onResize: () => {},
      every: (_milliseconds, work) => {
        running += 1;
        tick = work;
        return () => {
          running -= 1;
        };
      },
      now: () => 0,
      ...(load ? { load } : {}),
    });
    for (const event of events) {
      reporter.emit(event);
      await settled();
      if (running > 0) tick();
      frames.push(terminal.text());
    }
    return { reporter, terminal, frames, running: () => running };
  };

  it("keeps what plain text keeps, but for what is over when it is over", async () => {
    const { reporter, terminal, running } = await run();
    expect(running()).toBe(0);
    reporter.report(report, next);
    const kept = terminal.text().split("\n");
    const plain: string[] = [];
    const other = plainReporter({
      stdout: (text) => plain.push(text),
      stderr: (text) => plain.push(text),
      look: LOOK,
      quiet: false,
      verbose: false,
      results: true,
    });
    for (const event of events) other.emit(event);
    other.report(report, next);
    const passing = /^Downloading|^Install CRDs \(|^Publish the records by hand \(|^ {2}… crds:/;
    const lasting = plain
      .join("")
      .split("\n")
      .filter((line) => !passing.test(line));
    expect(kept.filter((line) => line !== "Downloaded 1 file (1.0 kB)" && line !== "")).toEqual(
      lasting.filter((line) => line !== ""),
    );
  });

  it("shows a reason while it holds, and keeps what is to be copied", async () => {
    const { terminal, frames } = await run();
    expect(frames.some((frame) => frame.includes("\n  1 of 2 established"))).toBe(true);
    expect(terminal.text()).not.toContain("1 of 2 established");
    expect(terminal.text()).toContain(
      '      _acme-challenge.apps.example.com. 60 IN TXT "one-very-long-value-that-is-there-to-be-copied"\n',
    );
  });

  it("goes on without the steps when they cannot be shown, and says so", async () => {
    const { reporter, terminal } = await run(() => Promise.reject(new Error("no such file")));
    reporter.report(report, next);
    const text = terminal.text().replace(/\s+/g, " ");
    expect(text).toContain("! Steps cannot be shown while they run (no such file). The run goes on");
    expect(text).toMatch(/✓ Install CRDs, 2.1 s: 2 established .*✗ Publish the records by hand failed after 31 s/);
  });

  it("shows no secret", async () => {
    expect((await run()).frames.join("")).not.toMatch(/abc123|abcdefghij/);
  });
});
