import type { Event } from "../../core/event.ts";
import { messageOf } from "../../ports/error.ts";
import { redact } from "../../secrets/redact.ts";
import { createBoard } from "./board.ts";
import { count, entry, size } from "./look.ts";
import { plainReporter } from "./plain.ts";
import type { Reporter, ReporterOptions } from "./reporter.ts";
import { createScreen, reflows, type Screen } from "./screen.ts";
import { createSteps, type StepsOptions } from "./steps.ts";

export interface TerminalOptions extends ReporterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly columns: () => number;
  readonly rows: () => number;
  readonly onResize: (listener: () => void) => void;
  /** Calls again and again until the returned function is called; does not keep the process alive. */
  readonly every: (milliseconds: number, work: () => void) => () => void;
  /** Seconds of a clock that never goes back. */
  readonly now: () => number;
  readonly load?: StepsOptions["load"];
}

/** A reporter with its screen. Whatever else writes to the same terminal must use the screen. */
export interface TerminalReporter extends Reporter {
  readonly screen: Screen;
}

const FRAME_MS = 120;

/**
 * For people at a terminal: what is over and what must be read stays, line by line, as everywhere; below it, what is going on at the
 * moment changes in place.
 */
export const terminalReporter = (options: TerminalOptions): TerminalReporter => {
  const { env, look, columns, rows, onResize, every, now, load } = options;
  const lost = (error: unknown): void => {
    const text = `Steps cannot be shown while they run (${messageOf(error)}). The run goes on, and each step is told when it is over.`;
    screen.print("stderr", `${entry(look, 0, "!", text, "yellow").join("\n")}\n`);
  };
  const board = createBoard(now, createSteps({ now, lost, load }));
  let frame = 0;
  let stop: (() => void) | undefined;

  const screen = createScreen({
    stdout: options.stdout,
    stderr: options.stderr,
    columns,
    rows,
    reflows: reflows(env),
    // The region takes at most half of the rows, because lines that leave a terminal when it gets smaller cannot be erased.
    region: () => board.lines(look, Math.max(3, Math.floor(rows() / 2)), frame),
  });
  const plain = plainReporter({
    ...options,
    look,
    stdout: (text) => screen.print("stdout", text),
    stderr: (text) => screen.print("stderr", text),
    live: true,
    results: true,
  });
  onResize(screen.refresh);

  const tick = (): void => {
    frame += 1;
    screen.refresh();
    if (!board.isBusy()) rest();
  };
  const rest = (): void => {
    stop?.();
    stop = undefined;
  };
  const pause = (): void => {
    screen.refresh();
    rest();
  };
  const end = (): void => {
    board.clear();
    pause();
  };

  const files = new Map<string, number>();
  const downloaded = (event: Event): void => {
    if (event.type === "download") files.set(event.file, event.bytes);
    if (event.type !== "plan" || files.size === 0) return;
    const bytes = [...files.values()].reduce((sum, more) => sum + more, 0);
    screen.print(
      "stderr",
      `${entry(look, 0, "", `Downloaded ${count(files.size, "file")} (${size(bytes)})`).join("\n")}\n`,
    );
    files.clear();
  };

  return {
    screen,
    emit: (event) => {
      board.take(event.type === "plan" ? event : redact(event));
      downloaded(event);
      plain.emit(event);
      if (event.type === "plan") screen.print("stderr", "\n");
      // The region is drawn with the next frame, so that what takes no time does not flash.
      if (board.isBusy()) stop ??= every(FRAME_MS, tick);
      else pause();
    },
    report: (report, next) => {
      end();
      plain.report(report, next);
    },
    problem: (problem) => {
      end();
      plain.problem(problem);
    },
  };
};
