import { isIPv6 } from "node:net";
import { normalName } from "./names.ts";

const MOST_BYTES = 255;

/** A TXT value of Route 53 (`"one" "two"`, escapes as in names) as its joined character-strings. */
const joinText = (value: string): string => {
  const parts: Buffer[] = [];
  let isInside = false;
  // Each token once: a quote that is never closed must not be looked for again at every place behind it.
  for (const [token, octal, escaped, quote] of value.matchAll(/\\([0-7]{3})|\\([\s\S])|(")|\s+|[^\\"\s]+/g)) {
    if (quote !== undefined) isInside = !isInside;
    else if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
    else if (escaped !== undefined) parts.push(Buffer.from(escaped));
    else if (isInside || token.trim() !== "") parts.push(Buffer.from(token));
  }
  return Buffer.concat(parts).toString("utf8");
};

const quoted = (bytes: Buffer): string => {
  const characters = [...bytes].map((byte) => {
    if (byte === 0x22) return '\\"';
    // A backslash is written by its number, because `\\052` has been read both as a backslash and as an asterisk.
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `"${characters.join("")}"`;
};

/** The inverse of {@link joinText}: character-strings of at most 255 bytes each (RFC 1035 §3.3). */
const splitText = (text: string): string => {
  const bytes = Buffer.from(text);
  const count = Math.max(1, Math.ceil(bytes.length / MOST_BYTES));
  return Array.from({ length: count }, (_, index) =>
    quoted(bytes.subarray(index * MOST_BYTES, (index + 1) * MOST_BYTES)),
  ).join(" ");
};

/** One spelling for one address (RFC 5952), since record sets are compared as texts. */
const normalAddress = (value: string): string =>
  isIPv6(value) && !value.includes(".") ? new URL(`http://[${value}]/`).hostname.slice(1, -1) : value.toLowerCase();

const normalFields = (value: string): string => value.trim().split(/\s+/).map(normalName).join(" ");

/** One spelling for values that mean the same, in the form of the ports. */
export const normalValue = (type: string, value: string): string => {
  switch (type) {
    case "AAAA":
      return normalAddress(value);
    case "CNAME":
    case "NS":
    case "SOA":
      return normalFields(value);
    default:
      return value;
  }
};

/** A value of Route 53 in the form of the ports. Types that the ports do not know keep Route 53's spelling. */
export const readValue = (type: string, value: string): string =>
  type === "TXT" ? joinText(value) : normalValue(type, value);

/** The inverse of {@link readValue}. */
export const writeValue = (type: string, value: string): string =>
  type === "TXT" ? splitText(value) : normalValue(type, value);
