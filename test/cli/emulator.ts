const SEQUENCE = "\u001b\\[";
const TOKEN = new RegExp(`${SEQUENCE}[?\\d;]*[A-Za-z]|[\\s\\S]`, "g");
const UP = new RegExp(`^${SEQUENCE}(\\d+)A$`);
/** Synchronized output, colours. */
const HARMLESS = new RegExp(`^${SEQUENCE}(\\?2026[hl]|[\\d;]*m)$`);

/** The least terminal that shows what a display does: no scrolling, so that every line ever written can be looked at. */
export const emulator = (initial: number) => {
  let columns = initial;
  /** Logical lines; one that is longer than the terminal is wide takes several rows. */
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;

  const rowsOf = (line: readonly string[]): number => Math.max(1, Math.ceil(line.length / columns));
  /** The first row of each line. */
  const place = (): { line: number; offset: number } => {
    let rest = row;
    for (const [index, line] of lines.entries()) {
      if (rest < rowsOf(line)) return { line: index, offset: rest * columns };
      rest -= rowsOf(line);
    }
    throw new Error("the cursor is outside");
  };
  const put = (character: string): void => {
    const { line, offset } = place();
    const chars = lines[line] ?? [];
    while (chars.length < offset + column) chars.push(" ");
    chars[offset + column] = character;
    column += 1;
  };

  const write = (text: string): void => {
    for (const [token] of text.matchAll(TOKEN)) {
      if (token === "\r") column = 0;
      else if (token === "\n") {
        const { line } = place();
        row = lines.slice(0, line + 1).reduce((sum, one) => sum + rowsOf(one), 0);
        if (line + 1 === lines.length) lines.push([]);
        column = 0;
      } else if (UP.test(token)) row = Math.max(0, row - Number(UP.exec(token)?.[1]));
      else if (token === "\u001b[2K") {
        // A line that was wrapped falls into pieces.
        const { line, offset } = place();
        const whole = lines[line] ?? [];
        const pieces = [whole.slice(0, offset), [], whole.slice(offset + columns)];
        lines.splice(line, 1, ...pieces.filter((piece, index) => index === 1 || piece.length > 0));
      } else if (token.startsWith("\u001b[")) {
        if (!HARMLESS.test(token)) throw new Error(`unknown sequence ${JSON.stringify(token)}`);
      } else put(token);
    }
  };

  return {
    write,
    columns: () => columns,
    /** Lines that are there already are wrapped anew, and the cursor stays in its line. */
    resize: (wanted: number): void => {
      const { line } = place();
      columns = wanted;
      row = lines.slice(0, line).reduce((sum, one) => sum + rowsOf(one), 0);
    },
    /** Up to the last line that is not empty. */
    text: () =>
      `${lines.map((line) => line.join("").trimEnd()).join("\n")}\n`.replace(/\n+$/, "\n").replace(/^\n$/, ""),
  };
};
