import { afterAll, describe, expect, it } from "vitest";
import { visible } from "../../src/ports/visible.ts";
import { patient } from "../patience.ts";
import { thoroughly } from "../thorough.ts";
import { type Path, pathsThrough, type Stop } from "../wizard/paths.ts";
import { bare, COLLECTOR, route53, STORE } from "../wizard/sights.ts";
import { noTerminal, openTerminal, type Terminal } from "./tmux.ts";
import { expectFits } from "./wizard-stage.ts";

if (noTerminal !== undefined) process.stdout.write(`skipped: ways through the wizard in a terminal: ${noTerminal}\n`);

/** What takes two cells, what takes none, and what takes two as one of several characters. */
const WIDE = "日本語 e\u0301🚀👩‍🚀";

/** The same, where it is typed. */
const TYPED = `한글${WIDE}`.repeat(4);

/** One in which every question comes up that can, with texts from elsewhere in several scripts. */
const sight = {
  ...bare,
  zones: [
    ...route53("example.com", "例え.example.org"),
    { provider: "rfc2136", title: "a name server", zones: [], trouble: `it says ${WIDE.repeat(4)}` },
  ],
  loadBalancers: { work: "unclear" as const, because: `Service shop/web waits, and says ${WIDE.repeat(3)}` },
  namespaces: ["default", "shop"],
  gateways: ["mesh/gate"],
  stores: [{ ...STORE, title: `Elasticsearch ${WIDE}/logs` }],
  collectors: [COLLECTOR],
};
const TEXTS = {
  "What is the base domain of every URL?": ["shop.example.com"],
  "Where is the CA's directory?": ["https://ca.example.com/dir"],
  "Which Secret holds your certificate?": ["default/mine"],
  "Where may the CA write to?": ["a@example.com"],
};

/** The screen as one line. */
const flat = (screen: string): string => screen.replaceAll(/\s+/g, " ");
const times = (screen: string, text: string): number => flat(screen).split(flat(text)).length - 1;

describe.skipIf(noTerminal !== undefined)("ways through the wizard", () => {
  const terminals: Terminal[] = [];
  afterAll(() => Promise.all(terminals.map((terminal) => terminal[Symbol.asyncDispose]())));

  it.concurrent.each([100, 80, 40])(
    "come to every answer in %i columns, gone back from once at every question",
    async (columns) => {
      const paths = await pathsThrough(sight, TEXTS);
      expect(new Set(paths.flatMap(({ stops }) => stops.map(({ message }) => message))).size).toBe(12);
      const terminal = await openTerminal([process.execPath, "test/terminal/walk-program.ts"], {
        columns,
        rows: 70,
        env: { WALK_SIGHT: JSON.stringify(sight) },
      });
      terminals.push(terminal);
      // Each width its own.
      const first = [100, 80, 40].indexOf(columns);
      const own = thoroughly(paths.slice(first, first + 1), paths);
      for (const path of own) await take(terminal, path, columns);
    },
    patient(600_000),
  );
});

const take = async (terminal: Terminal, { stops, written }: Path, columns: number): Promise<void> => {
  /** Waits until question `at` is asked, and looks at all of the screen. */
  const asked = async (at: number): Promise<string> => {
    const { message = "" } = stops[at] ?? {};
    const title = new RegExp(
      `\\? ${message.replaceAll("?", "\\?").split(" ").join("\\s+")}\\s+\\(${at + 1}\\s+of\\s+\\d+\\)`,
    );
    const screen = await terminal.until(title);
    expectFits(screen, columns);
    expect(screen.match(/^✓/gm) ?? [], screen).toHaveLength(at);
    expect(screen.match(/^\?/gm), screen).toHaveLength(1);
    for (const stop of stops.slice(0, at + 1))
      expect(times(screen, stop.message), `${stop.message}\n${screen}`).toBe(1);
    return screen;
  };
  for (const [at, stop] of stops.entries()) {
    await asked(at);
    if (at > 0) {
      if (stop.kind === "text") await refused(terminal, columns);
      await terminal.press(at === 1 ? "Escape" : "BTab");
      const back = await asked(at - 1);
      expect(flat(back)).toContain(flat(visible(shownAs(stops[at - 1]))));
      await terminal.press("Enter");
      const again = await asked(at);
      expect(again).not.toContain("한글");
    }
    await answer(terminal, stop);
  }
  const end = await terminal.until(/⟨[\s\S]*⟩/);
  expect(JSON.parse(/⟨([\s\S]*)⟩/.exec(end)?.[1]?.replaceAll("\n", "") ?? "")).toEqual(written);
  await terminal.press("Enter");
};

/** Types what no question takes. */
const refused = async (terminal: Terminal, columns: number): Promise<void> => {
  await terminal.press("C-u", TYPED, "Enter");
  expectFits(await terminal.until(/^ {2}✗ /m), columns);
};

/** How an answer stands where it is proposed again. */
const shownAs = (stop: Stop | undefined): string =>
  stop?.kind === "choice" ? `> ${stop.index + 1} ${stop.title}` : `> ${stop?.text}`;

const answer = async (terminal: Terminal, stop: Stop): Promise<void> => {
  if (stop.kind === "text") await terminal.press(...(stop.text === stop.initial ? [] : ["C-u", stop.text]), "Enter");
  else await terminal.press(String(stop.index + 1), ...Array.from({ length: stop.tabs }, () => "Tab"), "Enter");
};
