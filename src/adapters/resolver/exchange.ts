import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { DecodedPacket } from "dns-packet";
import type { Endpoint } from "./endpoint.ts";

/** One question on its way. */
export interface Exchange {
  readonly endpoint: Endpoint;
  readonly message: Buffer;
  /** Undefined: that was not the answer. */
  readonly accept: (message: Buffer) => DecodedPacket | undefined;
  /** Told after `timeoutMs` without an answer; one that comes later still counts, until the signal. */
  readonly onLate: (why: Error) => void;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The question was taken, and nothing came. */
export class Silence extends Error {
  constructor(why: string) {
    super(why);
    this.name = "Silence";
  }
}

type Start = (settle: { readonly received: (message: Buffer) => void; readonly fail: (error: Error) => void }) => {
  readonly isTaken: () => boolean;
  readonly close: () => void;
};

/** Settles once, then lets go of the clock, the signal and the socket. */
const settled = ({ accept, onLate, timeoutMs, signal }: Exchange, start: Start): Promise<DecodedPacket> =>
  new Promise((resolve, reject) => {
    const done = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      started.close();
      act();
    };
    const fail = (error: unknown): void => done(() => reject(error));
    const aborted = (): void => fail(signal?.reason);
    const late = `no answer within ${timeoutMs} ms`;
    const timer = setTimeout(() => onLate(started.isTaken() ? new Silence(late) : new Error(late)), timeoutMs);
    signal?.addEventListener("abort", aborted, { once: true });
    const started = start({
      received: (message) => {
        const packet = accept(message);
        if (packet) done(() => resolve(packet));
      },
      fail,
    });
  });

/**
 * A socket of its own for each question, so that the source port is a new random one, and connected, so that the kernel lets in only what
 * comes from where we asked and reports a closed port (RFC 5452 section 9).
 */
export const overUdp = (exchange: Exchange): Promise<DecodedPacket> =>
  settled(exchange, ({ received, fail }) => {
    const { endpoint, message } = exchange;
    const socket = createSocket(endpoint.family === 6 ? "udp6" : "udp4");
    socket.on("error", fail);
    socket.on("message", received);
    socket.on("connect", () => socket.send(message));
    socket.connect(endpoint.port, endpoint.address);
    return {
      isTaken: () => false,
      close: () => {
        socket.removeAllListeners();
        // A report of a closed port may come late. It must not end the process.
        socket.on("error", () => {});
        socket.close();
      },
    };
  });

/** Two octets of length before each message (RFC 1035 section 4.2.2). */
export const overTcp = (exchange: Exchange): Promise<DecodedPacket> =>
  settled(exchange, ({ received, fail }) => {
    const { endpoint, message } = exchange;
    const socket = connect({ host: endpoint.address, port: endpoint.port });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    let pending = Buffer.alloc(0);
    socket.on("error", fail);
    socket.on("close", () => fail(new Silence("the server closed the connection without an answer")));
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const whole = pending.subarray(2, end);
        pending = pending.subarray(end);
        received(whole);
      }
    });
    socket.write(Buffer.concat([length, message]));
    return {
      isTaken: () => !socket.connecting,
      close: () => {
        socket.removeAllListeners();
        socket.on("error", () => {});
        socket.destroy();
      },
    };
  });
