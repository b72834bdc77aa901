import type { Learn } from "../ports/secrets.ts";
import { type Form, formsOf } from "./forms.ts";
import { MASK } from "./looks.ts";
import { SHORTEST } from "./ordinary.ts";
import { AMPERSAND, BACKSLASH, isBlank, PERCENT, type View, viewsOf } from "./views.ts";

/** The secrets that one invocation of the program knows. */
export interface Vault {
  readonly learn: Learn;
  /** The text with each of them masked, in whatever form. Its time grows with the text's length, whatever the text. */
  readonly mask: (text: string) => string;
}

interface Place {
  readonly form: Form;
  readonly at: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Every so many bytes of a form are indexed: any sixteen in a row hold the six bytes of such a place. */
const STRIDE = 8;
/** Of places that begin alike, as in a long row of one letter, the first are enough. */
const MOST_ALIKE = 8;
/** A secret may begin in the end of its last occurrence, but the way back is not gone again and again. */
const OVERLAP = 64;
const FILTER_BITS = 20;

const slot = (last: number): number => Math.imul(last, 0x9e3779b1) >>> (32 - FILTER_BITS);

/** The four bytes that end before `at`. */
const lastFour = (bytes: Uint8Array, at: number): number =>
  ((bytes[at - 4] ?? 0) << 24) | ((bytes[at - 3] ?? 0) << 16) | ((bytes[at - 2] ?? 0) << 8) | (bytes[at - 1] ?? 0);

/** Six bytes as one number. */
const keyAt = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) * 2 ** 32 + (lastFour(bytes, at + 6) >>> 0);

export const createVault = (): Vault => {
  const known = new Set<string>();
  const places = new Map<number, Place[]>();
  const filter = new Uint8Array(1 << FILTER_BITS);

  const index = (form: Form): void => {
    for (let at = 0; at + SHORTEST <= form.bytes.length; at += STRIDE) {
      const key = keyAt(form.bytes, at);
      const alike = places.get(key) ?? [];
      if (alike.length < MOST_ALIKE) alike.push({ form, at });
      places.set(key, alike);
      filter[slot(lastFour(form.bytes, at + SHORTEST))] = 1;
    }
  };

  const learn: Learn = (...secrets) => {
    for (const secret of secrets) {
      if (secret === undefined || secret.length === 0) continue;
      const name = typeof secret === "string" ? secret : Buffer.from(secret).toString("latin1");
      if (known.has(name)) continue;
      known.add(name);
      for (const form of formsOf(secret)) index(form);
    }
  };

  const find = (view: View, source: Buffer): readonly Span[] => {
    const { bytes, length } = view;
    const spans: Span[] = [];
    /** Where the last run of a form ends: within it, the form is not looked for again. */
    const ends = new Map<Form, number>();
    for (let end = SHORTEST; end <= length; end++) {
      if (filter[slot(lastFour(bytes, end))] === 0) continue;
      const start = end - SHORTEST;
      for (const place of places.get(keyAt(bytes, start)) ?? []) {
        const before = ends.get(place.form) ?? 0;
        if (end <= before) continue;
        const run = runOf(view, place, start, before - OVERLAP);
        if (run.to - run.from < place.form.least) continue;
        ends.set(place.form, run.to);
        const span = giveaway(view, run, place.form, source);
        if (span) spans.push(span);
      }
    }
    return spans;
  };

  return {
    learn,
    mask: (text) => {
      if (places.size === 0 || text.length < SHORTEST || isClear(text, filter)) return text;
      const source = Buffer.from(text);
      const spans = viewsOf(source).flatMap((view) => find(view, source));
      return spans.length === 0 ? text : masked(source, spans);
    },
  };
};

/** Most texts are plain, and hold nothing that looks like the place of a form: that is found out without a view of them. */
const isClear = (text: string, filter: Uint8Array): boolean => {
  let last = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127 || code === PERCENT || code === AMPERSAND || code === BACKSLASH) return false;
    if (isBlank(code)) continue;
    last = (last << 8) | code;
    if (filter[slot(last)] !== 0) return false;
  }
  return true;
};

/** How far text and form agree around the place that was found. Numbers count bytes of the view. */
const runOf = ({ bytes, length }: View, { form, at }: Place, start: number, lowest: number): Span => {
  let [from, to] = [start, start + SHORTEST];
  for (let here = at - 1; here >= 0 && from > lowest && bytes[from - 1] === form.bytes[here]; here--) from--;
  for (let here = at + SHORTEST; here < form.bytes.length && to < length && bytes[to] === form.bytes[here]; here++)
    to++;
  return { from, to };
};

/** Where in the text a run that is long enough stands, if it gives something away. */
const giveaway = (view: View, run: Span, { bytes, alone, open }: Form, source: Buffer): Span | undefined => {
  const size = run.to - run.from;
  const span = { from: view.from[run.from] ?? 0, to: view.to[run.to - 1] ?? 0 };
  if (alone) return span.to - span.from === size && isApart(source, span) ? span : undefined;
  if (size === bytes.length) return span;
  const part = Buffer.from(view.bytes.subarray(run.from, run.to)).toString("latin1");
  // Words, and what everybody may know, are found in other places too.
  return /[A-Z0-9]/.test(part) && !(open && isOpen(part, open)) ? span : undefined;
};

/** As it is, or in base64 once more: so a root is handed over for import, at whatever place of a group of four the part begins. */
const isOpen = (part: string, open: readonly string[]): boolean =>
  [part, ...[0, 1, 2, 3].map((before) => bodyIn(part.slice(before)))].some(
    (text) => text.length < SHORTEST || open.some((each) => each.includes(text)),
  );

/**
 * The body of a PEM that is in base64. The line after it begins alike for keys and certificates: of a part that reaches into it, the few
 * characters before may be those of any key.
 */
const bodyIn = (text: string): string =>
  Buffer.from(text, "base64")
    .toString("latin1")
    .replace(/\s+/g, "")
    .replace(/=*-+[A-Z]*-*$/, "");

const isLetter = (byte: number | undefined): boolean => byte !== undefined && /[\w-]/.test(String.fromCharCode(byte));

const isApart = (source: Buffer, { from, to }: Span): boolean => !isLetter(source[from - 1]) && !isLetter(source[to]);

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Spans that only white space or escaped ends of lines separate are one. */
const masked = (source: Buffer, spans: readonly Span[]): string => {
  const parts: string[] = [];
  let last: { from: number; to: number } | undefined;
  let written = 0;
  const flush = (): void => {
    if (!last) return;
    parts.push(source.toString("utf8", written, last.from), MASK);
    written = last.to;
  };
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    if (last && (from <= last.to || isGap(source, last.to, from))) last.to = Math.max(last.to, to);
    else {
      flush();
      last = { from, to };
    }
    while (isContinuation(source[last.from])) last.from--;
    while (isContinuation(source[last.to])) last.to++;
  }
  flush();
  return parts.join("") + source.toString("utf8", written);
};

const WIDEST_GAP = 40;

const isGap = (source: Buffer, from: number, to: number): boolean =>
  to - from <= WIDEST_GAP && /^(?:\s|\\+[nrt]?)*$/.test(source.toString("latin1", from, to));
