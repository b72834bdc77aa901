/**
 * Names as people and commands see them. Any octet may be in a DNS name (RFC 2181 section 11), so what is none of letters, digits and
 * `-_.*` is written as `\DDD` (RFC 1035 section 5.1): a name from the network cannot look like anything else.
 */

const ODD = /[^\w.*-]/gu;

const octets = (character: string): string =>
  [...Buffer.from(character)].map((octet) => `\\${String(octet).padStart(3, "0")}`).join("");

/** A name in that form, as it came out of a message. */
export const escapedName = (name: string): string => name.replace(ODD, octets);

/** A name as a message holds it: the other way round. */
export const unescapedName = (name: string): string =>
  name.replace(/(?:\\\d{3})+/g, (escapes) => Buffer.from(escapes.slice(1).split("\\").map(Number)).toString());

/** Where the TXT record stands by which an ACME CA is shown that a name, or the parent of a wildcard, is ours (RFC 8555 §8.4). */
export const challengeName = (name: string): string => `_acme-challenge.${name.replace(/^\*\./, "")}`;

/** Whether it can be put into a command. */
export const isPlainName = (name: string): boolean => /^[\w*.][\w.*-]*$/.test(name);

/** A character string of a record as zone files have it, in quotes (RFC 1035 section 5.1); inert in a shell, should it be pasted there. */
export const characterString = (text: string): string => `"${text.replace(/[^ !#%-[\]-_a-~]/gu, octets)}"`;
