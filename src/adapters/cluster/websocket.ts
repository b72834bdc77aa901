import { createHash, randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { TooMuch } from "../../ports/bounded.ts";

/** What a client says so that a connection becomes a WebSocket (RFC 6455, 4.1). */
export const handshake = (protocol: string): { readonly headers: Record<string, string>; readonly accept: string } => {
  const key = randomBytes(16).toString("base64");
  return {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
      "sec-websocket-protocol": protocol,
    },
    accept: createHash("sha1").update(`${key}${GUID}`).digest("base64"),
  };
};

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const CONTINUATION = 0x0;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FIN = 0x80;
const MASKED = 0x80;

/** Binary messages over a connection that has become a WebSocket, as its client sees it. */
export interface WebSocket {
  /** Calls back when it is out. */
  readonly send: (message: Buffer, done: (error?: Error | null) => void) => void;
  /** Says goodbye and closes the connection. */
  readonly close: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Of a message, with all its fragments: a kubelet sends what it reads at once, 32 KiB. */
const MOST = 2 ** 20;

/** `begun`: what came behind the answer to the handshake. `onEnd` is called once, with an error unless the server said goodbye. */
export const webSocketOn = (
  socket: Duplex,
  begun: Buffer,
  onMessage: (message: Buffer) => void,
  onEnd: (error?: Error) => void,
): WebSocket => {
  let rest = begun;
  let fragments: Buffer[] = [];
  let isOver = false;
  const end = (error?: Error): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    onEnd(error);
  };
  const write = (opcode: number, payload: Buffer, done: (error?: Error | null) => void = () => {}): void => {
    if (isOver) done(new Error("the connection is closed"));
    else socket.write(frameOf(opcode, payload), done);
  };
  const take = ({ opcode, isLast, payload }: Frame): void => {
    if (opcode === CLOSE) {
      write(CLOSE, payload.subarray(0, 2));
      end();
      return;
    }
    if (opcode === PING) write(PONG, payload);
    // Text is for people who debug, and a pong was not asked for.
    if (opcode !== BINARY && opcode !== CONTINUATION) return;
    fragments.push(payload);
    if (fragments.reduce((sum, { length }) => sum + length, 0) > MOST) throw new TooMuch(MOST);
    if (!isLast) return;
    const message = Buffer.concat(fragments);
    fragments = [];
    onMessage(message);
  };
  const read = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    try {
      for (let frame = firstFrame(rest); frame && !isOver; frame = firstFrame(rest)) {
        rest = rest.subarray(frame.size);
        take(frame);
      }
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)));
    }
  };
  socket
    .on("data", read)
    .on("error", end)
    .on("end", () => end(new Error("the connection broke off")))
    .on("close", () => end(new Error("the connection broke off")));
  setImmediate(() => read(Buffer.alloc(0)));
  return {
    send: (message, done) => write(BINARY, message, done),
    close: () => {
      write(CLOSE, Buffer.from([0x03, 0xe8]));
      end();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
};

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
  /** With its head. */
  readonly size: number;
}

/** Undefined: it has not all come yet. Throws for what a server must not send (RFC 6455, 5.1 and 5.2). */
const firstFrame = (bytes: Buffer): Frame | undefined => {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  if ((second & MASKED) !== 0 || (first & 0x70) !== 0) throw new Error("the server sent a frame that cannot be");
  const short = second & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (length > MOST) throw new TooMuch(MOST);
  if (bytes.length < head + length) return undefined;
  const payload = bytes.subarray(head, head + length);
  return { opcode: first & 0x0f, isLast: (first & FIN) !== 0, payload, size: head + length };
};

/** Whatever a client sends is masked (RFC 6455, 5.3). */
const frameOf = (opcode: number, payload: Buffer): Buffer => {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = FIN | opcode;
  head[1] = MASKED | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let index = 0; index < length; index += 1) masked[index] = (masked[index] ?? 0) ^ (mask[index & 3] ?? 0);
  return Buffer.concat([head, mask, masked]);
};
