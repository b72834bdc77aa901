/** Signed messages: RFC 8945. */

import { createHmac, timingSafeEqual } from "node:crypto";
import { nameOf } from "../names.ts";
import { type RawMessage, type RawRecord, readName } from "./message.ts";

export interface TsigKey {
  readonly name: string;
  /** `hmac-sha256`, `hmac-sha512` …; hmac-sha256 when absent. */
  readonly algorithm?: string;
  /** base64 */
  readonly secret: string;
  /** Types that it may change, as BIND's update-policy has them; any when absent. */
  readonly types?: readonly string[];
}

/** Seconds by which the clocks may differ. */
const FUDGE = 300;
const TYPE_TSIG = 250;
const CLASS_ANY = 255;

const HASHES: Readonly<Record<string, string>> = {
  "hmac-sha1": "sha1",
  "hmac-sha224": "sha224",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
};

type Problem = "BADSIG" | "BADKEY" | "BADTIME";
const PROBLEMS: Readonly<Record<Problem, number>> = { BADSIG: 16, BADKEY: 17, BADTIME: 18 };

/** Signs the answers to one message. The first call signs the answer, each further one the next message of a stream (§5.3.1). */
export type Sign = (answer: Buffer) => Buffer;

export type Verified =
  | { readonly kind: "unsigned" }
  | { readonly kind: "signed"; readonly key: TsigKey; readonly sign: Sign }
  | { readonly kind: "refused"; readonly problem: Problem; readonly sign: Sign }
  | { readonly kind: "malformed" };

/** Bytes that a signature takes at most, but for the name of its key. */
export const SIGNATURE_ROOM = 150;

interface Signature {
  readonly record: RawRecord;
  readonly algorithm: string;
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** @param now milliseconds since 1970. */
export const verify = (message: RawMessage, keys: readonly TsigKey[], now: number): Verified => {
  const records = [...message.answers, ...message.authority, ...message.additional];
  const index = records.findIndex(({ type }) => type === TYPE_TSIG);
  if (index === -1) return { kind: "unsigned" };
  const record = message.additional.at(-1);
  if (index !== records.length - 1 || !record) return { kind: "malformed" };
  let signature: Signature;
  try {
    signature = readSignature(message.bytes, record);
  } catch {
    return { kind: "malformed" };
  }
  const seconds = Math.floor(now / 1000);
  const key = keys.find((known) => nameOf(known.name) === record.name && algorithmOf(known) === signature.algorithm);
  if (!key) return { kind: "refused", problem: "BADKEY", sign: (answer) => unsigned(answer, signature, "BADKEY") };
  const expected = macOf(key, [strip(message.bytes, signature), variables(key, signature)]);
  if (!sameBytes(expected, signature.mac))
    return { kind: "refused", problem: "BADSIG", sign: (answer) => unsigned(answer, signature, "BADSIG") };
  if (Math.abs(seconds - signature.time) > signature.fudge) {
    const sign = signer(key, signature, signature.time, "BADTIME", uint48(seconds));
    return { kind: "refused", problem: "BADTIME", sign };
  }
  return { kind: "signed", key, sign: signer(key, signature, seconds) };
};

const algorithmOf = ({ algorithm = "hmac-sha256" }: TsigKey): string => nameOf(algorithm);

const readSignature = (bytes: Buffer, record: RawRecord): Signature => {
  const { name, end } = readName(bytes, record.dataStart);
  const macEnd = end + 10 + bytes.readUInt16BE(end + 8);
  const otherEnd = macEnd + 6 + bytes.readUInt16BE(macEnd + 4);
  if (otherEnd !== record.end) throw new RangeError("TSIG cut off");
  return {
    record,
    algorithm: name,
    time: bytes.readUIntBE(end, 6),
    fudge: bytes.readUInt16BE(end + 6),
    mac: bytes.subarray(end + 10, macEnd),
    originalId: bytes.readUInt16BE(macEnd),
    error: bytes.readUInt16BE(macEnd + 2),
    other: bytes.subarray(macEnd + 6, otherEnd),
  };
};

/** The message as it was before it was signed. */
const strip = (bytes: Buffer, { record, originalId }: Signature): Buffer => {
  const stripped = Buffer.from(bytes.subarray(0, record.start));
  stripped.writeUInt16BE(originalId, 0);
  stripped.writeUInt16BE(stripped.readUInt16BE(10) - 1, 10);
  return stripped;
};

const macOf = (key: TsigKey, parts: readonly Buffer[]): Buffer => {
  const hmac = createHmac(HASHES[algorithmOf(key)] ?? "sha256", Buffer.from(key.secret, "base64"));
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** RFC 8945 §4.3.3. */
const variables = (
  key: TsigKey,
  { time, fudge, error, other }: Pick<Signature, "time" | "fudge" | "error" | "other">,
): Buffer =>
  Buffer.concat([
    wireName(nameOf(key.name)),
    uint16(CLASS_ANY),
    Buffer.alloc(4),
    wireName(algorithmOf(key)),
    timers(time, fudge),
    uint16(error),
    uint16(other.length),
    other,
  ]);

const signer = (
  key: TsigKey,
  request: Signature,
  time: number,
  problem?: Problem,
  other: Buffer = Buffer.alloc(0),
): Sign => {
  let prior = request.mac;
  let first = true;
  return (answer) => {
    const error = problem === undefined ? 0 : PROBLEMS[problem];
    const signed = { time, fudge: FUDGE, error, other };
    const rest = first ? variables(key, signed) : timers(time, FUDGE);
    const mac = macOf(key, [uint16(prior.length), prior, answer, rest]);
    first = false;
    prior = mac;
    return append(answer, nameOf(key.name), { ...signed, algorithm: algorithmOf(key), mac });
  };
};

/** Who could not be recognised gets an answer without a signature (§5.2). */
const unsigned = (answer: Buffer, request: Signature, problem: Problem): Buffer =>
  append(answer, request.record.name, {
    ...request,
    error: PROBLEMS[problem],
    mac: Buffer.alloc(0),
    other: Buffer.alloc(0),
  });

const append = (
  answer: Buffer,
  keyName: string,
  signature: Pick<Signature, "algorithm" | "time" | "fudge" | "mac" | "error" | "other">,
): Buffer => {
  const { algorithm, time, fudge, mac, error, other } = signature;
  const data = Buffer.concat([
    wireName(algorithm),
    timers(time, fudge),
    uint16(mac.length),
    mac,
    answer.subarray(0, 2),
    uint16(error),
    uint16(other.length),
    other,
  ]);
  const signed = Buffer.concat([
    answer,
    wireName(keyName),
    uint16(TYPE_TSIG),
    uint16(CLASS_ANY),
    Buffer.alloc(4),
    uint16(data.length),
    data,
  ]);
  signed.writeUInt16BE(signed.readUInt16BE(10) + 1, 10);
  return signed;
};

const wireName = (name: string): Buffer =>
  Buffer.concat([
    ...(name === "" ? [] : name.split(".")).flatMap((label) => [
      Buffer.from([label.length]),
      Buffer.from(label, "latin1"),
    ]),
    Buffer.from([0]),
  ]);

const uint16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};

const uint48 = (value: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
};

const timers = (time: number, fudge: number): Buffer => Buffer.concat([uint48(time), uint16(fudge)]);

const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
