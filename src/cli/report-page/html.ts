import { spelledLines } from "../../ports/visible.ts";

/** A piece of HTML or SVG: everything in it that came from outside has been escaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: texts and numbers are escaped, pieces are taken as they are, undefined is nothing. */
export type Part = string | number | Markup | readonly Markup[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  // The engine's blanks, as the terminal shows them.
  "⟪": "(",
  "⟫": ")",
};

/** For text and for attributes in double quotes. */
export const escapeText = (text: string): string =>
  spelledLines(text).replace(/[&<>"'⟪⟫]/g, (character) => ENTITIES[character] ?? "");

const partText = (part: Part): string => {
  if (part === undefined) return "";
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return String(Number.isFinite(part) ? Math.round(part * 100) / 100 : 0);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
};

/** The only way to markup: html`<p>${text}</p>`. */
export const html = (template: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: template.map((text, index) => text + partText(parts[index])).join(""),
});

/** A text of bounded length; whoever wants all of it finds it in the terminal's output. */
export const clip = (text: string, longest = 1_000): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} more characters)`;

/** The first ones, as many as have room in so many characters, and how many have not. */
export const fitting = (items: readonly Markup[], room: number): ReturnType<typeof firsts<Markup>> => {
  let used = 0;
  const most = items.findIndex(({ markup }) => {
    used += markup.length;
    return used > room;
  });
  return firsts(items, most < 0 ? items.length : most);
};

/** The first ones, and how many are not shown. */
export const firsts = <T>(
  items: readonly T[],
  most: number,
): { readonly shown: readonly T[]; readonly left: number } => ({
  shown: items.slice(0, most),
  left: Math.max(0, items.length - most),
});
