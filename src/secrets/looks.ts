import { namedSecrets } from "./named.ts";
import type { Part } from "./part.ts";

export const MASK = "[redacted]";

/** In order; what lies in an earlier one is passed over. */
export const hide = (text: string, parts: Iterable<Part>): string => {
  const pieces: string[] = [];
  let written = 0;
  for (const { from, to } of parts) {
    if (from < written || to <= from) continue;
    pieces.push(text.slice(written, from), MASK);
    written = to;
  }
  return pieces.length === 0 ? text : pieces.join("") + text.slice(written);
};

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;

/** Private keys in PEM. Their beginning or end may be missing: a text that was cut off is as secret as a whole one. */
function* keys(text: string): Generator<Part> {
  if (!text.includes("PRIVATE KEY-----")) return;
  let done = 0;
  const begins = text.matchAll(BEGIN);
  let begin = begins.next().value?.index ?? Number.POSITIVE_INFINITY;
  for (const { index, 0: end } of text.matchAll(END)) {
    while (begin < done) begin = begins.next().value?.index ?? Number.POSITIVE_INFINITY;
    yield { from: begin < index ? begin : bodyBefore(text, index, done), to: index + end.length };
    done = index + end.length;
  }
  while (begin < done) begin = begins.next().value?.index ?? Number.POSITIVE_INFINITY;
  if (begin < text.length) yield { from: begin, to: text.length };
}

const BODY = /[A-Za-z0-9+/=\s\\]/;

const bodyBefore = (text: string, end: number, lowest: number): number => {
  let from = end;
  while (from > lowest && BODY.test(text[from - 1] ?? "")) from--;
  return from;
};

/** What base64 shows of "PRIVATE KEY", by where it begins in a group of three bytes. */
const ENCODED = ["UFJJVkFURSBLRV", "BSSVZBVEUgS0VZ", "QUklWQVRFIEtFW"];
const BASE64 = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
const WIDEST_GAP = 8;

/** Private keys in base64, as Secrets and kubeconfigs carry them, at any offset and over several lines. */
function* encodedKeys(text: string): Generator<Part> {
  if (!text.includes("LS0t") && !text.includes("tLS0") && !ENCODED.some((each) => text.includes(each.slice(0, 6))))
    return;
  let group: Part & { readonly runs: string[] } = { from: 0, to: -1, runs: [] };
  const isKey = (): boolean => {
    const whole = group.runs.join("");
    return ENCODED.some((each) => whole.includes(each));
  };
  for (const { index, 0: run } of text.matchAll(BASE64)) {
    const gap = index - group.to <= WIDEST_GAP ? text.slice(Math.max(0, group.to), index) : "x";
    if (group.to >= 0 && /^[\s\\]*$/.test(gap)) group.runs.push(run);
    else {
      if (isKey()) yield group;
      group = { from: index, to: 0, runs: [run] };
    }
    group = { ...group, to: index + run.length };
  }
  if (isKey()) yield group;
}

const WORD = /[\w.-]{16,}/g;

/** JSON Web Tokens: two or three base64url parts of which the first is a JSON object. */
function* webTokens(text: string): Generator<Part> {
  if (!text.includes("eyJ")) return;
  for (const { index, 0: word } of text.matchAll(WORD)) {
    const start = word.indexOf("eyJ");
    const dot = word.indexOf(".", start);
    if (start >= 0 && dot > start + 8 && /[\w-]/.test(word[dot + 1] ?? ""))
      yield { from: index + start, to: index + word.length };
  }
}

const SCHEME = "://";

/** `https://user:password@host`: up to the last `@`, since a password may hold others, and slashes. */
function* urlPasswords(text: string): Generator<Part> {
  if (!text.includes(SCHEME) || !text.includes("@")) return;
  for (const { index, 0: run } of text.matchAll(/[^\s"'<>`]+/g)) {
    const last = run.lastIndexOf("@");
    for (let at = run.indexOf(SCHEME); at >= 0 && at < last; at = run.indexOf(SCHEME, at + 1)) {
      const [, user = ""] = /^([^:/@?#]{0,256}):/.exec(run.slice(at + 3, at + 260)) ?? [undefined, undefined];
      const from = at + 3 + user.length + 1;
      if (run[from - 1] !== ":" || isPort(run.slice(from, from + 6)) || from >= last) continue;
      yield { from: index + from, to: index + last };
      break;
    }
  }
}

/** A password of digits and a slash would be taken for one. */
const isPort = (text: string): boolean => /^\d{1,5}(?:[/?#]|$)/.test(text);

/** Each with what stays before it. Quantifiers have ends, or what they eat is hidden and not looked at again. */
const PATTERNS: readonly RegExp[] = [
  /(\bBearer {1,4})[\w.~+/=-]{16,}/gi,
  // What `aws eks get-token` returns: a presigned URL in base64url.
  /(\b)k8s-aws-v1\.[\w-]+/g,
  // Tokens that say what they are.
  /(\b)(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[\w-]{16,}/g,
  // A header goes on to its end, whatever the scheme; its scheme may be seen.
  /(\b(?:Proxy-)?Authorization["']?: {0,4}["']?(?:\w{1,40} {1,4})?)[^\r\n"']+/gi,
  // As Go and JavaScript print headers.
  /(\b(?:Proxy-)?Authorization["']?:? {0,4}\[["']?(?:\w{1,40} {1,4})?)[^\r\n"'\]]+/gi,
  /(\bCookie["']?: {0,4}["']?)[^\r\n"']+/gi,
  // kdig, dig, nsupdate.
  /(\s-y[ =]{0,4}["']?(?:hmac-[\w-]{1,20}:)?[\w.-]{1,255}:)[A-Za-z0-9+/=_-]{8,}/g,
  // curl.
  /(\s-u[ =]{0,4}["']?[^\s:"']{1,100}:)(?!\d+\b)[^\s"']+/g,
  // .netrc
  /(\blogin\s{1,8}\S{1,100}\s{1,8}password\s{1,8})\S+/g,
  // A key of BIND: base64, quoted, and a semicolon.
  /(\bsecret\s{1,8}\\{0,2}"?)[A-Za-z0-9+/=]{8,}(?=\\{0,2}"?\s{0,4};)/g,
  // The private part of a JSON Web Key.
  /(\\{0,3}["'](?:d|p|q|dp|dq|qi|k)\\{0,3}["']\s{0,4}:\s{0,4}\\{0,3}["'])[\w-]{20,}/g,
  // A registry's login.
  /(\\{0,3}["']?\bauth\\{0,3}["']?\s{0,4}:\s{0,4}\\{0,3}["']?)[A-Za-z0-9+/]{8,}={0,2}/g,
];

/** Most texts have none of what the patterns begin with. */
const SIGNS =
  /bearer|k8s-aws|gh[pousr]_|github_pat|glpat-|xox|authorization|cookie|\s-[yu]|login|\bsecret\s|["'](?:d|p|q|dp|dq|qi|k)\\{0,3}["']|auth\\{0,3}["']?\s{0,4}:/i;

/** The second net: a text without what looks like a secret. Its time grows with the text's length, whatever the text. */
export const redactText = (text: string): string => {
  const bare = [keys, encodedKeys, webTokens, urlPasswords].reduce((rest, parts) => hide(rest, parts(rest)), text);
  const plain = SIGNS.test(bare) ? PATTERNS.reduce((rest, pattern) => rest.replace(pattern, `$1${MASK}`), bare) : bare;
  return hide(plain, namedSecrets(plain));
};
