import { createHmac, timingSafeEqual } from "node:crypto";
import { CLASS, encodeRecord, RCODE, type Received, TYPE, type WireRecord } from "./message.ts";
import { encodeName, readName } from "./names.ts";

/** The algorithms of RFC 8945 6 that are still in use, and how Node calls their hash. */
export const ALGORITHMS: Readonly<Record<string, string>> = {
  "hmac-sha1": "sha1",
  "hmac-sha224": "sha224",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
};

export interface Key {
  /** Absolute, lower case, without the trailing dot. */
  readonly name: string;
  /** A name in {@link ALGORITHMS}. */
  readonly algorithm: string;
  readonly secret: Buffer;
}

/** Seconds that the two clocks may differ by (RFC 8945 10). */
const FUDGE = 300;
const AR_COUNT = 10;
/** Error and Other Len of a TSIG without an error: both zero. */
const NO_ERROR = Buffer.alloc(4);

/**
 * Why an answer is not trusted, or why the server rejected our signature. Times are in milliseconds since the epoch.
 */
export type Verdict =
  | { readonly kind: "good"; readonly mac: Buffer }
  /** No TSIG at all. */
  | { readonly kind: "unsigned" }
  /** The server could not check ours: BADKEY, BADSIG, BADTRUNC. */
  | { readonly kind: "refused"; readonly error: number }
  | { readonly kind: "clocks"; readonly ours: number; readonly theirs: number }
  /** Signed, but not with our key or not what we received. */
  | { readonly kind: "forged" };

interface Tsig {
  readonly name: string;
  readonly algorithm: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

const times = (time: number, fudge: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(fudge, 6);
  return bytes;
};

const uint16 = (...numbers: readonly number[]): Buffer => Buffer.from(numbers.flatMap((n) => [n >> 8, n & 255]));

/** RFC 8945 4.3.3: the variables of a TSIG record that are signed with the message. */
const variables = ({ name, algorithm, time, fudge, error, other }: Omit<Tsig, "mac" | "originalId">): Buffer =>
  Buffer.concat([
    encodeName(name),
    Buffer.from([0, CLASS.ANY, 0, 0, 0, 0]),
    encodeName(algorithm),
    times(time, fudge),
    uint16(error, other.length),
    other,
  ]);

const digest = (key: Key, parts: readonly Buffer[]): Buffer =>
  createHmac(ALGORITHMS[key.algorithm] ?? "", key.secret)
    .update(Buffer.concat(parts))
    .digest();

const lengthAnd = (mac: Buffer): Buffer => Buffer.concat([uint16(mac.length), mac]);

/** The message with a TSIG behind it, and the MAC that the answer's depends on. `now`: milliseconds since the epoch. */
export const sign = (message: Buffer, key: Key, now: number): { readonly message: Buffer; readonly mac: Buffer } => {
  const time = Math.floor(now / 1000);
  const mac = digest(key, [message, variables({ ...key, time, fudge: FUDGE, error: 0, other: Buffer.alloc(0) })]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    times(time, FUDGE),
    lengthAnd(mac),
    message.subarray(0, 2),
    NO_ERROR,
  ]);
  const record = encodeRecord({ name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(AR_COUNT) + 1, AR_COUNT);
  return { message: signed, mac };
};

const tsigOf = ({ additional }: Received): Tsig | undefined => {
  const record: WireRecord | undefined = additional.at(-1);
  if (record?.type !== TYPE.TSIG) return undefined;
  const { data } = record;
  const { name: algorithm, end } = readName(data, 0);
  const macFrom = end + 10;
  const macTo = macFrom + data.readUInt16BE(end + 8);
  const other = data.subarray(macTo + 6);
  if (data.readUInt16BE(macTo + 4) !== other.length) throw new RangeError("a TSIG that is cut off");
  return {
    name: record.name.toLowerCase(),
    algorithm: algorithm.toLowerCase(),
    time: data.readUIntBE(end, 6),
    fudge: data.readUInt16BE(end + 6),
    mac: data.subarray(macFrom, macTo),
    originalId: data.readUInt16BE(macTo),
    error: data.readUInt16BE(macTo + 2),
    other,
  };
};

/** What was received before the TSIG, as it was signed: with the id of the signer and without the TSIG in the count. */
const beforeTsig = (bytes: Buffer, received: Received, originalId: number): Buffer => {
  const signed = Buffer.from(bytes.subarray(0, received.lastAt));
  signed.writeUInt16BE(originalId, 0);
  signed.writeUInt16BE(received.additional.length - 1, AR_COUNT);
  return signed;
};

/**
 * Judges an answer (RFC 8945 5.3). `prior` is the MAC of the request, or of the last signed message of a transfer;
 * `unsigned` are the messages of a transfer since then; `first` is false for all but a transfer's first message. Throws
 * RangeError for a broken TSIG.
 */
export const verify = (
  bytes: Buffer,
  received: Received,
  key: Key,
  now: number,
  prior: Buffer,
  { unsigned = [], first = true }: { readonly unsigned?: readonly Buffer[]; readonly first?: boolean } = {},
): Verdict => {
  const tsig = tsigOf(received);
  if (!tsig) return { kind: "unsigned" };
  if (tsig.error !== 0 && tsig.mac.length === 0) return { kind: "refused", error: tsig.error };
  if (tsig.name !== key.name || tsig.algorithm !== key.algorithm) return { kind: "forged" };
  const message = beforeTsig(bytes, received, tsig.originalId);
  const expected = digest(key, [
    lengthAnd(prior),
    ...unsigned,
    message,
    first ? variables(tsig) : times(tsig.time, tsig.fudge),
  ]);
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) return { kind: "forged" };
  if (tsig.error === RCODE.BADTIME && tsig.other.length === 6)
    return { kind: "clocks", ours: tsig.time * 1000, theirs: tsig.other.readUIntBE(0, 6) * 1000 };
  if (tsig.error !== 0) return { kind: "refused", error: tsig.error };
  if (Math.abs(Math.floor(now / 1000) - tsig.time) > tsig.fudge)
    return { kind: "clocks", ours: now, theirs: tsig.time * 1000 };
  return { kind: "good", mac: tsig.mac };
};
