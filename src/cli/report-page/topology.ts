import { clip, firsts, html, type Markup } from "./html.ts";
import type { Fact, Place } from "./places.ts";

const MARKS: Readonly<Record<Place["state"], readonly [mark: string, kind: string]>> = {
  "in place": ["✓", "good"],
  planned: ["○", "soft"],
  "not reached": ["○", "soft"],
  "stopped here": ["–", "warn"],
  "failed here": ["✗", "bad"],
};

/** The way from a name to a Service: a picture, beside each other where there is room and below each other where not, and a table. */
export const topologySection = (places: readonly Place[]): Markup => {
  const label = `From a name to a Service: ${places.map(({ title, state }) => `${title} (${state})`).join(", then ")}`;
  return html`<section aria-labelledby="topology">
<h2 id="topology">From a name to a Service</h2>
${picture(places, BESIDE, label)}
${picture(places, BELOW, label)}
<table class="facts" aria-labelledby="topology">
<thead><tr><th scope="col">Place</th><th scope="col">State</th><th scope="col">What is known</th></tr></thead>
<tbody>
${places.map(
  ({ title, state, facts }) =>
    html`<tr><th scope="row">${title}</th><td class="${MARKS[state][1]}">${state}</td><td>${facts.map(factLine)}</td></tr>
`,
)}</tbody>
</table>
</section>`;
};

const factLine = ({ name, value }: Fact): Markup =>
  html`<div><span class="soft">${name}:</span> ${clip(value, 2_000)}</div>`;

interface Layout {
  readonly kind: "wide" | "tall";
  readonly box: number;
  readonly gap: number;
  /** Characters in a line of a box, and lines in it. */
  readonly columns: number;
  readonly lines: number;
}

// Lines are counted in characters, because nothing here can measure a font.
const BESIDE: Layout = { kind: "wide", box: 188, gap: 58, columns: 20, lines: 11 };
const BELOW: Layout = { kind: "tall", box: 340, gap: 40, columns: 38, lines: 8 };
const LINE = 17;
const HEAD = 46;

interface Line {
  readonly text: string;
  readonly soft: boolean;
}

const picture = (places: readonly Place[], layout: Layout, label: string): Markup => {
  const texts = places.map(({ facts }) => linesOf(facts, layout));
  const heights = texts.map((lines) => HEAD + lines.length * LINE + 6);
  const tallest = Math.max(...heights);
  const beside = layout.kind === "wide";
  const tops = heights.map((_, index) =>
    beside ? 0 : heights.slice(0, index).reduce((sum, height) => sum + height + layout.gap, 0),
  );
  const width = beside ? places.length * (layout.box + layout.gap) - layout.gap : layout.box;
  const height = beside ? tallest : (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0);
  return html`<svg class="topology ${layout.kind}" viewBox="-1 -1 ${width + 2} ${height + 2}" role="img" aria-label="${label}">${places.map(
    (place, index) => {
      const x = beside ? index * (layout.box + layout.gap) : 0;
      const y = tops[index] ?? 0;
      const boxHeight = beside ? tallest : (heights[index] ?? 0);
      return html`${box(place, texts[index] ?? [], { x, y, width: layout.box, height: boxHeight })}${
        index < places.length - 1
          ? beside
            ? arrow(place.leads, { x: x + layout.box, y: 26, length: layout.gap, down: false })
            : arrow(place.leads, { x: layout.box / 2, y: y + boxHeight, length: layout.gap, down: true })
          : undefined
      }`;
    },
  )}</svg>`;
};

const box = (
  { title, state }: Place,
  lines: readonly Line[],
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Markup => {
  const [mark, kind] = MARKS[state];
  const dashed = state === "in place" ? "" : " dashed";
  return html`<rect class="box ${kind}${dashed}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/><text class="head" x="${x + 10}" y="${y + 20}">${title}</text><text class="state ${kind}" x="${x + 10}" y="${y + 37}">${mark} ${state}</text>${lines.map(
    ({ text, soft }, index) =>
      html`<text class="${soft ? "name" : "value"}" x="${x + 10}" y="${y + HEAD + 11 + index * LINE}">${text}</text>`,
  )}`;
};

const arrow = (
  label: string,
  { x, y, length, down }: { readonly x: number; readonly y: number; readonly length: number; readonly down: boolean },
): Markup => {
  const from = 3;
  const to = length - 3;
  return down
    ? html`<path class="arrow" d="M${x} ${y + from}V${y + to}m-5 -7l5 7l5 -7"/><text class="label" x="${x + 12}" y="${y + length / 2 + 4}">${label}</text>`
    : html`<path class="arrow" d="M${x + from} ${y}H${x + to}m-7 -5l7 5l-7 5"/><text class="label middle" x="${x + length / 2}" y="${y - 9}">${label}</text>`;
};

const linesOf = (facts: readonly Fact[], { columns, lines }: Layout): readonly Line[] => {
  const all = facts.flatMap(({ name, value }) => [
    { text: clipped(name, columns), soft: true },
    ...broken(value, columns).map((text) => ({ text, soft: false })),
  ]);
  const { shown, left } = firsts(all, lines);
  return left > 0 ? [...shown.slice(0, -1), { text: "… more in the table below", soft: true }] : shown;
};

const clipped = (text: string, columns: number): string =>
  text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;

/** Lines of at most so many characters, broken where a name may be broken: behind a dot, a dash, a slash, a comma, a blank. */
export const broken = (text: string, columns: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.replace(/\s+/g, " ").split(/(?<=[ .,/:@-])/)) {
    if (line.length + piece.trimEnd().length > columns && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
    while (line.trimEnd().length > columns) {
      lines.push(line.slice(0, columns));
      line = line.slice(columns);
    }
  }
  return line.trim() === "" ? lines : [...lines, line.trimEnd()];
};
