import { X509Certificate } from "node:crypto";

/** One DER element: its tag, its content, and where the next one begins. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly end: number;
}

const read = (bytes: Buffer, at = 0): Element | undefined => {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const extra = first & 0x80 ? first & 0x7f : 0;
  if (extra > 4) return undefined;
  const length = extra ? bytes.readUIntBE(at + 2, extra) : first;
  const start = at + 2 + extra;
  return { tag, content: bytes.subarray(start, start + length), end: start + length };
};

const children = (content: Buffer): readonly Element[] => {
  const found: Element[] = [];
  for (let at = 0; at < content.length; ) {
    const element = read(content, at);
    if (!element) break;
    found.push(element);
    at = element.end;
  }
  return found;
};

const INTEGER = 0x02;
const EXTENSIONS = 0xa3;
/** `[0] KeyIdentifier` inside AuthorityKeyIdentifier (RFC 5280 §4.2.1.1). */
const KEY_IDENTIFIER = 0x80;
/** id-ce-authorityKeyIdentifier, 2.5.29.35 */
const AUTHORITY_KEY_IDENTIFIER = Buffer.from("551d23", "hex");

const derOf = (pem: string): Buffer | undefined => {
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return undefined;
  }
};

/**
 * What a certificate (PEM, the first one counts) is called in renewal information: key identifier of its issuer and serial number, both
 * base64url (RFC 9773 §4.1). Undefined: it does not name its issuer's key, or is no certificate.
 */
export const certificateId = (pem: string): string | undefined => {
  const tbs = read(read(derOf(pem) ?? Buffer.alloc(0))?.content ?? Buffer.alloc(0));
  const fields = children(tbs?.content ?? Buffer.alloc(0));
  const serial = fields.find(({ tag }) => tag === INTEGER)?.content;
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS)?.content;
  const list = extensions && read(extensions)?.content;
  const found = children(list ?? Buffer.alloc(0))
    .map(({ content }) => children(content))
    .find(([oid]) => oid?.content.equals(AUTHORITY_KEY_IDENTIFIER));
  const value = found?.at(-1)?.content;
  const identifier =
    value && children(read(value)?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === KEY_IDENTIFIER);
  if (!serial || !identifier) return undefined;
  return `${identifier.content.toString("base64url")}.${serial.toString("base64url")}`;
};
