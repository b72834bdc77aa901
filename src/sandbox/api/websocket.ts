/** WebSockets as a server has them (RFC 6455), for what the API server carries on to a node. */

import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Channels } from "../types.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const [BINARY, CLOSE, PING, PONG] = [0x2, 0x8, 0x9, 0xa];
const FIN = 0x80;

/** The answer to a client that wants one. */
export const switching = (key: string, protocol: string): string =>
  [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${createHash("sha1").update(`${key}${GUID}`).digest("base64")}`,
    ...(protocol === "" ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    "\r\n",
  ].join("\r\n");

/** Messages that begin with the number of their channel (apimachinery util/httpstream/wsstream). `head`: what has come already. */
export const channelsOn = (socket: Duplex, head: Buffer): Channels => {
  let rest = head;
  let take = (_channel: number, _bytes: Buffer): void => {};
  let ended = (): void => {};
  const write = (opcode: number, payload: Buffer, done?: () => void): void => {
    if (!socket.destroyed) socket.write(frameOf(opcode, payload), () => done?.());
  };
  const read = (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = firstFrame(rest); frame; frame = firstFrame(rest)) {
      rest = rest.subarray(frame.size);
      if (frame.opcode === BINARY) take(frame.payload[0] ?? 0, frame.payload.subarray(1));
      if (frame.opcode === PING) write(PONG, frame.payload);
      if (frame.opcode === CLOSE) socket.end(frameOf(CLOSE, frame.payload));
    }
  };
  socket.on("error", () => socket.destroy()).on("close", () => ended());
  return {
    begin: (onMessage, onEnd) => {
      take = onMessage;
      ended = onEnd;
      read(Buffer.alloc(0));
      socket.on("data", read);
    },
    send: (channel, bytes, done) => write(BINARY, Buffer.concat([Buffer.from([channel]), bytes]), done),
    end: () => socket.end(frameOf(CLOSE, Buffer.from([0x03, 0xe8]))),
  };
};

/** A client masks whatever it sends. Undefined: it has not all come yet. */
const firstFrame = (bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined => {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const size = head + 4 + length;
  if (bytes.length < size) return undefined;
  const mask = bytes.subarray(head, head + 4);
  const payload = Buffer.from(bytes.subarray(head + 4, size));
  for (let index = 0; index < length; index += 1) payload[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return { opcode: first & 0x0f, payload, size };
};

const frameOf = (opcode: number, payload: Buffer): Buffer => {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = FIN | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
};
