/**
 * Bodies in protobuf, the form in which kubectl sends what it makes from its own types. A real server reads it for every kind; here are
 * those that `kubectl create` makes (types.ts). What is not known is refused, never left out.
 */

import type { Fields } from "../json.ts";
import { refuse } from "../status.ts";
import { KINDS, TYPES } from "./types.ts";

export const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** `k8s` and a zero (apimachinery, pkg/runtime/serializer/protobuf). */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

interface Field {
  readonly name: string;
  /** `text`, `int`, `bool`, or the name of a message. */
  readonly type: string;
  readonly form: "one" | "many" | "map";
  readonly isPointer: boolean;
  readonly isEmbedded: boolean;
}

/** The object as JSON. Throws StatusError 415. */
export function decodeProtobuf(body: Buffer): string {
  if (!body.subarray(0, 4).equals(MAGIC)) throw unreadable("it does not begin with k8s");
  let kind = "";
  let apiVersion = "";
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, value } of partsOf(body.subarray(4))) {
    if (number === 1)
      for (const part of partsOf(bytesOf(value)))
        if (part.number === 1) apiVersion = bytesOf(part.value).toString();
        else kind = bytesOf(part.value).toString();
    if (number === 2) raw = bytesOf(value);
  }
  if (!KINDS.includes(kind)) throw unreadable(`it is a ${kind} in protobuf`);
  return JSON.stringify({ kind, apiVersion, ...messageOf(kind, raw) });
}

const unreadable = (why: string): Error =>
  refuse(
    415,
    "UnsupportedMediaType",
    `the rehearsal's API cannot read this body: ${why}. Send JSON instead: --dry-run=client -o yaml | kubectl apply -f -`,
  );

function messageOf(type: string, bytes: Buffer): Fields {
  const fields = fieldsOfType(type);
  const made: Fields = {};
  for (const { number, value } of partsOf(bytes)) {
    const field = fields.get(number);
    if (!field) throw unreadable(`field ${number} of ${type} is not known`);
    const { name, form, isEmbedded, isPointer } = field;
    if (field.type === "ignored") continue;
    if (form === "map") {
      const [key, one] = entryOf(field.type, bytesOf(value));
      made[name] = { ...(made[name] as Fields | undefined), [key]: one };
    } else if (form === "many")
      made[name] = [...((made[name] as unknown[] | undefined) ?? []), oneOf(field.type, value)];
    else if (isEmbedded) Object.assign(made, messageOf(field.type, bytesOf(value)));
    else {
      const one = oneOf(field.type, value);
      // What is no pointer is sent when it is empty, too.
      if (isPointer || !isEmpty(one)) made[name] = one;
    }
  }
  return made;
}

function entryOf(type: string, bytes: Buffer): readonly [string, unknown] {
  let key = "";
  let one: unknown = oneOf(type, Buffer.alloc(0));
  for (const part of partsOf(bytes))
    if (part.number === 1) key = bytesOf(part.value).toString();
    else one = oneOf(type, part.value);
  return [key, one];
}

function oneOf(type: string, value: bigint | Buffer): unknown {
  if (type === "int") return Number(BigInt.asIntN(64, numberOf(value)));
  if (type === "bool") return numberOf(value) !== 0n;
  if (type === "text") return bytesOf(value).toString();
  if (type === "bytes") return bytesOf(value).toString("base64");
  const message = messageOf(type, bytesOf(value));
  if (type === "Quantity") return message.string;
  if (type === "IntOrString") return message.type === 1 ? (message.strVal ?? "") : (message.intVal ?? 0);
  if (type === "Time")
    return message.seconds === undefined ? undefined : new Date(Number(message.seconds) * 1_000).toISOString();
  return message;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

const known = new Map<string, ReadonlyMap<number, Field>>();

function fieldsOfType(type: string): ReadonlyMap<number, Field> {
  const found = known.get(type);
  if (found) return found;
  const rows = (TYPES[type] ?? "").split(", ").filter((row) => row !== "");
  const fields = new Map(rows.map(fieldOf));
  known.set(type, fields);
  return fields;
}

/** `3 template PodTemplateSpec?` */
function fieldOf(row: string): readonly [number, Field] {
  const [number, name = "", said = "text"] = row.split(" ");
  const isPointer = said.endsWith("?");
  const [, map, many, one] = /^(?:\{(\w*)\}|\[\](\w*)|(\w+))\??$/.exec(said) ?? [];
  const form = map !== undefined ? "map" : many !== undefined ? "many" : "one";
  return [Number(number), { name, type: (map ?? many ?? one) || "text", form, isPointer, isEmbedded: name === "..." }];
}

interface Part {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** The fields of a message as they stand: numbers and lengths (protobuf.dev, Encoding). Throws StatusError 415. */
function* partsOf(bytes: Buffer): Generator<Part> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw unreadable("it is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 2) {
      const length = Number(varint());
      if (at + length > bytes.length) throw unreadable("it is cut off");
      yield { number, value: bytes.subarray(at, at + length) };
      at += length;
    } else throw unreadable(`it has a field of wire type ${wire}`);
  }
}

const bytesOf = (value: bigint | Buffer): Buffer => {
  if (typeof value === "bigint") throw unreadable("a number stands where bytes are expected");
  return value;
};

const numberOf = (value: bigint | Buffer): bigint => {
  if (typeof value !== "bigint") throw unreadable("bytes stand where a number is expected");
  return value;
};
