/** What `--help` needs of a place to write to; it loads no library for it. */

/** How much of a line a text takes. */
export interface Ruler {
  readonly cells: (text: string) => number;
  /** As much of the beginning as so many cells hold, and one character at least. */
  readonly beginning: (text: string, width: number) => string;
}

/** For texts of ours, of which each character takes a cell. */
const OURS: Ruler = {
  cells: ({ length }) => length,
  beginning: (text, width) => text.slice(0, width),
};

/** Lines of at most `width` cells; words that are longer than a line are cut. */
export const wrapBy =
  ({ cells, beginning }: Ruler) =>
  (text: string, width: number): readonly string[] => {
    const lines: string[] = [];
    let line = "";
    for (const word of text.split(" ")) {
      if (line !== "" && cells(line) + 1 + cells(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
      while (cells(line) > width) {
        const first = beginning(line, width);
        lines.push(first);
        line = line.slice(first.length);
      }
    }
    return [...lines, line];
  };

export const wrapOurs = wrapBy(OURS);

const NARROWEST = 40;
const WIDEST = 200;

export const columnsOf = (columns: number | undefined, env: Readonly<Record<string, string | undefined>>): number =>
  Math.min(WIDEST, Math.max(NARROWEST, columns || Number(env.COLUMNS) || 80));
