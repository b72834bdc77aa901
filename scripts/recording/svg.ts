import { type Span, spansOf } from "./spans.ts";
import type { Frame } from "./terminal.ts";

export interface Picture {
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  /** Seconds that the last screen stays before it begins again. */
  readonly rest: number;
}

// Pixels of one character, and around the screen.
const WIDE = 8.4;
const HIGH = 18;
const EDGE = 16;
const BAR = 28;

const STYLE = `svg{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
text{fill:#d8dee6}.bold{font-weight:700;fill:#fff}.dim{fill:#8b97a5}.red{fill:#ff7b72}.green{fill:#6fce8e}.yellow{fill:#e8b25c}.blue,.cyan{fill:#7dbaf2}.magenta{fill:#d2a8ff}`;

const escapeXml = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "");

const number = (value: number): string => String(Math.round(value * 100) / 100);

/** Its width is said, so that columns stay columns in every font. */
const spanText = ({ column, text, look }: Span): string =>
  `<text${look ? ` class="${look}"` : ""}${column > 0 ? ` x="${number(column * WIDE)}"` : ""} textLength="${number([...text].length * WIDE)}" lengthAdjust="spacingAndGlyphs">${escapeXml(text)}</text>`;

/**
 * A film as one SVG: the screens stand below each other in a strip, and CSS moves the strip. Lines are drawn once and used wherever they
 * are seen. Without motion (`prefers-reduced-motion`) the last screen is shown.
 */
export const filmSvg = (frames: readonly Frame[], { title, columns, rows, rest }: Picture): string => {
  const ids = new Map<string, string>();
  const definitions: string[] = [];
  const idOf = (line: string): string | undefined => {
    const drawn = spansOf(line).map(spanText).join("");
    if (drawn === "") return undefined;
    const known = ids.get(drawn);
    if (known) return known;
    const id = `l${ids.size.toString(36)}`;
    ids.set(drawn, id);
    definitions.push(`<g id="${id}">${drawn}</g>`);
    return id;
  };
  const screen = { width: columns * WIDE, height: rows * HIGH };
  const strips = frames.map(({ lines }, index) =>
    lines
      .slice(0, rows)
      .flatMap((line, row) => {
        const id = idOf(line);
        return id ? [`<use href="#${id}" y="${index * screen.height + row * HIGH + 13}"/>`] : [];
      })
      .join(""),
  );
  const total = (frames.at(-1)?.at ?? 0) + rest;
  const stops = frames.map(
    ({ at }, index) => `${number((at / total) * 100)}%{transform:translateY(${-index * screen.height}px)}`,
  );
  const width = screen.width + 2 * EDGE;
  const height = screen.height + BAR + 2 * EDGE;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${number(width)} ${number(height)}" width="${number(width)}" height="${number(height)}" role="img" aria-label="${escapeXml(title).replaceAll('"', "&quot;")}"><title>${escapeXml(title)}</title><style>${STYLE}
.film{transform:translateY(${-(frames.length - 1) * screen.height}px);animation:film ${number(total)}s steps(1,end) infinite}
@keyframes film{${stops.join("")}}
@media (prefers-reduced-motion:reduce){.film{animation:none}}</style><defs>${definitions.join("\n")}</defs><rect width="100%" height="100%" rx="8" fill="#12171d"/><g fill="#36414d"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6"/><circle cx="60" cy="18" r="6"/></g><svg x="${EDGE}" y="${BAR + EDGE - 4}" width="${number(screen.width)}" height="${screen.height}" overflow="hidden"><g class="film">${strips.join("\n")}</g></svg></svg>
`;
};
