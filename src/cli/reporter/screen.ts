import { cells } from "./cells.ts";

/** A terminal with a region at its lower end that changes, below lines that stay. */
export interface Screen {
  /** Prints text that stays. After text without a line end the region is not drawn again, because somebody goes on writing. */
  readonly print: (stream: "stdout" | "stderr", text: string) => void;
  /** Draws the region as it is now. */
  readonly refresh: () => void;
  /** Takes the region away while somebody is asked; it comes back when the work is over. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
  /** Takes the region away for good. */
  readonly close: () => void;
}

export interface ScreenOptions {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** As it is at the moment. */
  readonly columns: () => number;
  readonly rows: () => number;
  /** Whether the terminal wraps anew what stands there already when it gets narrower. */
  readonly reflows: boolean;
  /** The lines of the region; each may be longer than the terminal is wide. */
  readonly region: () => readonly string[];
}

// Terminals that know synchronized output (mode 2026) show a frame as a whole; the others ignore the two.
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const ERASE_LINE = "\u001b[2K";

/**
 * The cursor is never hidden and always stands in the line after the region: a process that is killed leaves nothing to be put
 * right. Nothing else may write to the terminal while a region is shown.
 */
export const createScreen = ({ stdout, stderr, columns, rows: height, reflows, region }: ScreenOptions): Screen => {
  let drawn: readonly string[] = [];
  let drawnColumns = columns();
  let asides = 0;
  let closed = false;
  let midLine = false;

  const rowsOf = (line: string): number =>
    Math.max(1, Math.ceil(cells(line) / Math.max(1, reflows ? columns() : drawnColumns)));

  /**
   * Erases from the drawn line `from` on and stays there. Row by row: erasing to the end of the screen is taken by some terminals for
   * clearing the screen when it begins at the top, and what was there goes into the history.
   */
  const eraseFrom = (from: number): string => {
    const taken = drawn.slice(from).reduce((sum, line) => sum + rowsOf(line), 0);
    // Lines that have left a terminal which got much smaller cannot be erased.
    const rows = Math.min(taken, Math.max(1, height() - 1));
    const up = `\r\u001b[${rows}A`;
    return taken === 0 ? "" : `${up}${`${ERASE_LINE}\n`.repeat(rows)}${ERASE_LINE}${up}`;
  };

  /** Returns what has to be written so that the region shows `lines`. */
  const change = (lines: readonly string[]): string => {
    const same = columns() === drawnColumns ? lines.findIndex((line, index) => line !== drawn[index]) : 0;
    const from = same >= 0 ? same : lines.length;
    const text =
      eraseFrom(from) +
      lines
        .slice(from)
        .map((line) => `${line}\n`)
        .join("");
    drawn = lines;
    drawnColumns = columns();
    return text;
  };

  const write = (text: string): void => {
    if (text !== "") stderr(BEGIN + text + END);
  };

  const refresh = (): void => {
    if (!closed && asides === 0 && !midLine) write(change(region()));
  };

  return {
    print: (stream, text) => {
      if (text === "") return;
      const shown = drawn.length > 0;
      // Nothing is awaited between these two, so that no frame is left half drawn.
      if (shown) stderr(BEGIN + change([]));
      (stream === "stdout" ? stdout : stderr)(text);
      midLine = !text.endsWith("\n");
      if (shown) stderr((midLine ? "" : change(region())) + END);
    },
    refresh,
    aside: async (work) => {
      write(change([]));
      asides += 1;
      try {
        return await work();
      } finally {
        asides -= 1;
      }
    },
    close: () => {
      write(change([]));
      closed = true;
    },
  };
};

/**
 * xterm, the Linux console and GNU screen cut lines off when they get narrower; the others wrap them anew. Where we are wrong, a few
 * stale lines stay; we are never wrong in the other direction, which would erase lines that are to stay.
 */
export const reflows = (env: Readonly<Record<string, string | undefined>>): boolean =>
  !env.XTERM_VERSION && env.TERM !== "linux" && !(env.TERM?.startsWith("screen") && !env.TMUX);
