/** What is written of protobuf's wire format (protobuf.dev, "Encoding"). An empty text or list is left out, as proto3 does. */

const [VARINT, I64, LEN] = [0, 1, 2];

const varint = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];

const tag = (field: number, type: number): Buffer => Buffer.from(varint(field * 8 + type));

const i64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const f64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

const sized = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([tag(field, LEN), Buffer.from(varint(bytes.length)), bytes]);

/** A message, even if there is nothing in it. */
export const message = (field: number, parts: readonly Buffer[]): Buffer => sized(field, Buffer.concat(parts));

export const text = (field: number, value: string): Buffer =>
  value === "" ? Buffer.alloc(0) : sized(field, Buffer.from(value));

export const enumeration = (field: number, value: number): Buffer =>
  Buffer.concat([tag(field, VARINT), Buffer.from(varint(value))]);

export const fixed64 = (field: number, value: bigint): Buffer => Buffer.concat([tag(field, I64), i64(value)]);

export const double = (field: number, value: number): Buffer => Buffer.concat([tag(field, I64), f64(value)]);

export const packedFixed64 = (field: number, values: readonly number[]): Buffer =>
  sized(field, Buffer.concat(values.map((value) => i64(BigInt(value)))));

export const packedDouble = (field: number, values: readonly number[]): Buffer =>
  sized(field, Buffer.concat(values.map(f64)));
