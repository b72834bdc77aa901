/** As much XML as the API speaks: elements and text. */

/** An element, a list of them, or text; undefined is left out. */
export type Xml = string | undefined | readonly Xml[];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export const NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/";

export const text = (value: string | number | boolean): string =>
  String(value).replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char);

/** Children that are text must have been through {@link text}. */
export const element = (name: string, ...children: readonly Xml[]): string =>
  `<${name}>${children.flat(9).join("")}</${name}>`;

/** An element with text in it; nothing when there is none. */
export const field = (name: string, value: string | number | boolean | undefined): Xml =>
  value === undefined ? undefined : element(name, text(value));

export const xmlDocument = (name: string, ...children: readonly Xml[]): string =>
  `<?xml version="1.0"?>\n<${name} xmlns="${NAMESPACE}">${children.flat(9).join("")}</${name}>`;

export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

/** Undefined: not well-formed, or nothing at all. */
export const parseXml = (source: string): Element | undefined => {
  interface Open {
    readonly name: string;
    readonly children: Element[];
    text: string;
  }
  const root: Open = { name: "", children: [], text: "" };
  const stack: Open[] = [root];
  for (const [whole, closing, name, empty, plain] of source.matchAll(TOKENS)) {
    const top = stack.at(-1);
    if (!top) return undefined;
    if (plain !== undefined) top.text += decodeEntities(plain);
    else if (name === undefined) continue;
    else if (closing === "/") {
      if (stack.length < 2 || top.name !== name) return undefined;
      stack.pop();
    } else {
      const opened: Open = { name, children: [], text: "" };
      top.children.push(opened);
      if (empty !== "/") stack.push(opened);
    }
    if (whole === "") return undefined;
  }
  return stack.length === 1 && root.children.length === 1 ? root.children[0] : undefined;
};

const TOKENS = /<[?!][^>]*>|<(\/?)([\w:.-]+)(?:\s[^>]*?)?(\/?)>|([^<]+)/g;

const decodeEntities = (source: string): string =>
  source.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal === undefined ? (ENTITIES[name] ?? whole) : String.fromCodePoint(Number(decimal));
  });

export const childOf = (parent: Element | undefined, name: string): Element | undefined =>
  parent?.children.find((each) => each.name === name);

export const textOf = (parent: Element | undefined, name: string): string | undefined => childOf(parent, name)?.text;
