import { spelledLines } from "../../ports/visible.ts";

/** A piece of HTML or SVG: everything in it that came from outside has been escaped. */
export interface Markup {
  readonly markup: string;
}

/** A value in a template. Texts and numbers are escaped, markup is taken as it is, undefined gives nothing. */
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

/** Makes markup; nothing else does: html`<p>${text}</p>`. */
export const html = (template: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: template.map((text, index) => text + partText(parts[index])).join(""),
});

/** A text with names and paths in it, which breaks behind their dots and slashes before it breaks anywhere. */
export const breakable = (text: string): Markup => ({
  markup: escapeText(text).replace(/[./](?=[\w<&*-])/g, "$&<wbr>"),
});

/** A text of bounded length; whoever wants all of it finds it in the terminal's output. */
export const clip = (text: string, longest = 1_000): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} more characters)`;

/** Returns the first items that together fit into so many characters, and how many are left. */
export const fitting = (items: readonly Markup[], room: number): ReturnType<typeof firsts<Markup>> => {
  let used = 0;
  const most = items.findIndex(({ markup }) => {
    used += markup.length;
    return used > room;
  });
  return firsts(items, most < 0 ? items.length : most);
};

/** Returns the first items, and how many are left. */
export const firsts = <T>(
  items: readonly T[],
  most: number,
): { readonly shown: readonly T[]; readonly left: number } => ({
  shown: items.slice(0, most),
  left: Math.max(0, items.length - most),
});
