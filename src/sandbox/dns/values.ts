/**
 * Record data as zone files write it (RFC 1035 §5.1), to and from what the wire library wants. Host names are absolute
 * without the trailing dot (with it they are read too). A TXT is `"one" "two"`; without quotes the whole text is one value,
 * cut into character-strings of 255 bytes.
 */

import { isIPv4, isIPv6 } from "node:net";
import { nameOf } from "./names.ts";

interface Codec {
  /** Throws TypeError with what is wrong. */
  readonly toData: (value: string) => unknown;
  readonly toValue: (data: never) => string;
}

const onWire = (name: string): string => (nameOf(name) === "" ? "." : nameOf(name));

const isHostName = (text: string): boolean =>
  text === "." || /^(?!.{255})([^.\s"]{1,63}\.)*[^.\s"]{1,63}\.?$/.test(text);

const hostName = (text: string): string => {
  if (!isHostName(text)) throw new TypeError(`not a domain name: ${text}`);
  return onWire(text);
};

const NAME: Codec = { toData: hostName, toValue: (name: string) => nameOf(name) };

const whole = (text: string | undefined, limit: number): number => {
  if (text === undefined || !/^\d+$/.test(text) || Number(text) > limit)
    throw new TypeError(`not a number up to ${limit}: ${text}`);
  return Number(text);
};

const fields = (value: string, count: number): readonly string[] => {
  const parts = value.trim().split(/\s+/);
  if (parts.length !== count) throw new TypeError(`expected ${count} fields: ${value}`);
  return parts;
};

/** The character-strings of a TXT. */
export const characterStrings = (value: string): readonly Buffer[] => {
  if (!value.startsWith('"')) {
    const bytes = Buffer.from(value);
    const cut: Buffer[] = [];
    for (let at = 0; at === 0 || at < bytes.length; at += 255) cut.push(bytes.subarray(at, at + 255));
    return cut;
  }
  const quoted = /\s*"((?:[^"\\]|\\.)*)"\s*/gsy;
  const strings: Buffer[] = [];
  while (quoted.lastIndex < value.length) {
    const match = quoted.exec(value);
    if (!match) throw new TypeError(`not character-strings in quotes: ${value}`);
    const bytes = unescapeText(match[1] ?? "");
    if (bytes.length > 255) throw new TypeError(`character-string over 255 bytes: ${value}`);
    strings.push(bytes);
  }
  return strings;
};

const unescapeText = (text: string): Buffer =>
  Buffer.concat(
    [...text.matchAll(/\\(\d{3})|\\(.)|([^\\]+)/gs)].map(([, code, escaped, plain]) =>
      code === undefined ? Buffer.from(escaped ?? plain ?? "") : Buffer.from([Number(code) & 0xff]),
    ),
  );

const quote = (bytes: Uint8Array): string =>
  `"${[...bytes]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (char === '"' || char === "\\") return `\\${char}`;
      return byte < 0x20 || byte > 0x7e ? `\\${String(byte).padStart(3, "0")}` : char;
    })
    .join("")}"`;

const CODECS: Readonly<Record<string, Codec>> = {
  A: {
    toData: (value) => {
      if (!isIPv4(value)) throw new TypeError(`not an IPv4 address: ${value}`);
      return value;
    },
    toValue: (address: string) => address,
  },
  AAAA: {
    toData: (value) => {
      if (!isIPv6(value)) throw new TypeError(`not an IPv6 address: ${value}`);
      return value;
    },
    toValue: (address: string) => new URL(`http://[${address}]`).hostname.slice(1, -1),
  },
  CNAME: NAME,
  DNAME: NAME,
  NS: NAME,
  PTR: NAME,
  MX: {
    toData: (value) => {
      const [preference, exchange = ""] = fields(value, 2);
      return { preference: whole(preference, 0xffff), exchange: hostName(exchange) };
    },
    toValue: ({ preference, exchange }: { preference?: number; exchange: string }) =>
      `${preference ?? 0} ${nameOf(exchange)}`,
  },
  SRV: {
    toData: (value) => {
      const [priority, weight, port, target = ""] = fields(value, 4);
      return {
        priority: whole(priority, 0xffff),
        weight: whole(weight, 0xffff),
        port: whole(port, 0xffff),
        target: hostName(target),
      };
    },
    toValue: ({ priority, weight, port, target }: Record<"priority" | "weight" | "port" | "target", string | number>) =>
      `${priority} ${weight} ${port} ${nameOf(String(target))}`,
  },
  SOA: {
    toData: (value) => {
      const [mname = "", rname = "", ...numbers] = fields(value, 7);
      const [serial, refresh, retry, expire, minimum] = numbers.map((number) => whole(number, 0xffffffff));
      return { mname: hostName(mname), rname: hostName(rname), serial, refresh, retry, expire, minimum };
    },
    toValue: (soa: Record<string, string | number>) =>
      [
        nameOf(String(soa.mname)),
        nameOf(String(soa.rname)),
        ...["serial", "refresh", "retry", "expire", "minimum"].map((field) => soa[field]),
      ].join(" "),
  },
  TXT: {
    // The library exchanges the elements of the list it is given.
    toData: (value) => [...characterStrings(value)],
    toValue: (strings: readonly Uint8Array[]) => strings.map(quote).join(" "),
  },
  CAA: {
    toData: (value) => {
      const [, flags, tag, quoted, plain] = /^(\d+)\s+([a-zA-Z0-9]+)\s+(?:"(.*)"|(\S+))$/.exec(value) ?? [];
      if (tag === undefined) throw new TypeError(`not a CAA value: ${value}`);
      return { flags: whole(flags, 255), tag: tag.toLowerCase(), value: quoted ?? plain ?? "" };
    },
    toValue: ({ flags, tag, value }: Record<"flags" | "tag" | "value", string | number>) =>
      `${flags} ${tag} ${JSON.stringify(value)}`,
  },
};

const SIGNING: Readonly<Record<string, Codec>> = {
  DS: {
    toData: (value) => {
      const [keyTag, algorithm, digestType, digest = ""] = fields(value, 4);
      return {
        keyTag: whole(keyTag, 0xffff),
        algorithm: whole(algorithm, 255),
        digestType: whole(digestType, 255),
        digest: Buffer.from(digest, "hex"),
      };
    },
    toValue: ({ keyTag, algorithm, digestType, digest }: Record<string, number> & { digest: Buffer }) =>
      `${keyTag} ${algorithm} ${digestType} ${digest.toString("hex")}`,
  },
  DNSKEY: {
    toData: (value) => {
      const [flags, , algorithm, key = ""] = fields(value, 4);
      return { flags: whole(flags, 0xffff), algorithm: whole(algorithm, 255), key: Buffer.from(key, "base64") };
    },
    toValue: ({ flags, algorithm, key }: Record<string, number> & { key: Buffer }) =>
      `${flags} 3 ${algorithm} ${key.toString("base64")}`,
  },
};

const codecOf = (type: string): Codec => {
  const codec = CODECS[type] ?? SIGNING[type];
  if (!codec) throw new TypeError(`record type ${type} is not served here`);
  return codec;
};

/** The types that a zone can hold. */
export const TYPES: readonly string[] = Object.keys({ ...CODECS, ...SIGNING });

/** Throws TypeError when the value does not fit its type. */
export const dataOf = (type: string, value: string): unknown => codecOf(type).toData(value);

export const textOf = (type: string, data: unknown): string => codecOf(type).toValue(data as never);

/** Equal for two values exactly when they are the same data. */
export const canonical = (type: string, value: string): string => textOf(type, dataOf(type, value));
