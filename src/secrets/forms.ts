import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { isRecord } from "../ports/object.ts";
import { isSecretField } from "./keys.ts";
import { isOrdinary, isWord, SHORTEST } from "./ordinary.ts";

/** One way in which a secret may be written, and how much of it gives it away. */
export interface Form {
  /** UTF-8, without white space and backslashes: lines are wrapped, quotes are escaped. */
  readonly bytes: Uint8Array;
  /** So many bytes in a row are masked, in whatever place they stand; at most all of them. */
  readonly least: number;
  /** Only where it stands alone. */
  readonly alone?: true;
  /** What everybody may know of it: such parts alone are not masked. */
  readonly open?: readonly string[];
}

/** Of something random, so much is not met by chance. */
const FRAGMENT = 16;
/** Of a text. */
const PASSAGE = 64;
/** Of larger ones (whole files) fewer forms are looked for. */
const LARGE = 4096;

const compact = (text: string): Uint8Array => Buffer.from(text.replace(/[\s\\]+/g, ""));

/** What base64 certainly shows of bytes that begin `before` bytes after a group of three. */
const base64At = (bytes: Uint8Array, before: number): string => {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
};

/** Base64 in each of its three alignments and both alphabets, hex in both cases, with and without colons. */
const encodings = (bytes: Uint8Array): readonly string[] => {
  const whole = Buffer.from(bytes).toString("base64").replace(/=+$/, "");
  const base64 = [whole, ...[0, 1, 2].map((before) => base64At(bytes, before))];
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  if (bytes.length > LARGE) return [...base64, ...url];
  const hex = Buffer.from(bytes).toString("hex");
  const colons = hex.replace(/..(?=.)/g, "$&:");
  return [...base64, ...url, hex, hex.toUpperCase(), colons, colons.toUpperCase()];
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: what no text has
const isPrintable = (text: string): boolean => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text);

const isText = (text: string): boolean => /\s/.test(text);

const formsOfBytes = (bytes: Uint8Array, open?: readonly string[]): readonly Form[] =>
  bytes.length < SHORTEST ? [] : encodings(bytes).map((text) => formOf(text, FRAGMENT, open));

const formOf = (text: string, fragment: number, open?: readonly string[]): Form => {
  const bytes = compact(text);
  return { bytes, least: Math.min(bytes.length, fragment), ...(open ? { open } : {}) };
};

/** Every form of a secret that was learnt; empty for what is none by itself. */
export const formsOf = (secret: string | Uint8Array): readonly Form[] => {
  if (typeof secret !== "string") {
    const text = Buffer.from(secret).toString();
    return isPrintable(text) && Buffer.from(text).equals(secret) ? formsOf(text) : formsOfBytes(secret);
  }
  const value = secret.trim();
  const inner = insideOf(value);
  if (inner) return inner;
  if (isOrdinary(value)) return [];
  const bytes = Buffer.from(value);
  if (isWord(value)) return [{ bytes, least: bytes.length, alone: true }, ...formsOfBytes(bytes)];
  const fragment = isText(value) ? PASSAGE : FRAGMENT;
  // In a form's body a space is a plus sign; base64 is written without its padding as well.
  const plain = [...new Set([value, value.replaceAll(" ", "+"), value.replace(/={1,2}$/, "")])];
  return [...plain, ...encodings(bytes)].map((text) => formOf(text, fragment));
};

/** Of what has an inside: keys, JSON, an address with a password. Undefined: it has none. */
const insideOf = (value: string): readonly Form[] | undefined => {
  if (value.includes("-----BEGIN ")) return formsOfPem(value);
  if (value.startsWith("{")) return formsOfJson(value);
  const password = URL.parse(value)?.password;
  if (password && /^[a-z]+:\/\//i.test(value)) return [password, decoded(password)].flatMap(formsOf);
  return undefined;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Certificates and public keys are for everybody. */
const formsOfPem = (text: string): readonly Form[] =>
  (text.match(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]+-----END [A-Z0-9 ]{0,40}-----/g) ?? []).flatMap((pem) => {
    const key = privateKeyIn(pem);
    const open = key ? openParts(key) : undefined;
    const body = pem.replace(/-----[^-]+-----/g, "");
    const whole = [`${pem}\n`, body].map((each) => Buffer.from(each));
    return [
      formOf(body, FRAGMENT, open),
      ...whole.flatMap((bytes) => formsOfBytes(bytes, open)),
      ...(key ? partsOf(key).flatMap((part) => formsOfBytes(part, open)) : []),
    ];
  });

const privateKeyIn = (pem: string): KeyObject | undefined => {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
};

/** The numbers that make a key private (RFC 7518 §6.2.2, §6.3.2): they stand in every other way to write it. */
const partsOf = (key: KeyObject): readonly Uint8Array[] => {
  const jwk = key.export({ format: "jwk" }) as Record<string, unknown>;
  return ["d", "p", "q", "dp", "dq", "qi"].flatMap((name) =>
    typeof jwk[name] === "string" ? [Buffer.from(jwk[name], "base64url")] : [],
  );
};

const openParts = (key: KeyObject): readonly string[] =>
  encodings(createPublicKey(key).export({ type: "spki", format: "der" })).map((text) => compactText(text));

const compactText = (text: string): string => Buffer.from(compact(text)).toString("latin1");

/** A service account, a registry's login, an environment: what stands under the name of a secret, and passwords in addresses. */
const formsOfJson = (text: string): readonly Form[] | undefined => {
  try {
    return leaves(JSON.parse(text)).flatMap(formsOf);
  } catch {
    return undefined;
  }
};

const leaves = (value: unknown, isSecret = false): readonly string[] => {
  // JSON may hold secrets; a Go template, such as that of the domain, begins like it and is none.
  if (typeof value === "string")
    return isSecret || /:\/\/[^\s/]*:[^\s]*@|^\{(?!\{)|PRIVATE KEY/.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, isSecret));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, isSecret || isSecretField(key)));
};
