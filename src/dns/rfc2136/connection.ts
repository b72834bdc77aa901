import { randomInt } from "node:crypto";
import { connect, type Socket } from "node:net";
import { messageOf } from "../../ports/error.ts";

export interface Endpoint {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/**
 * No usable answer: none in time, a broken connection, SERVFAIL. What was asked may have been done all the same. The
 * message goes on from "the name server …".
 */
export class Lost extends Error {
  /** The server had closed an idle connection: worth another try at once. */
  readonly idle: boolean;
  constructor(why: string, { idle = false, cause }: { readonly idle?: boolean; readonly cause?: unknown } = {}) {
    super(why, cause === undefined ? {} : { cause });
    this.name = "Lost";
    this.idle = idle;
  }
}

/** For a name with several addresses, Node's error has a code and no message. */
const reasonOf = (error: unknown): string =>
  messageOf(error) || (error instanceof Error && "code" in error ? String(error.code) : "no reason given");

/** DNS messages over TCP, each behind its length (RFC 1035 4.2.2). `onLost` is called once, also after `end`. */
export const openFrames = (
  { host, port }: Endpoint,
  onMessage: (message: Buffer) => void,
  onLost: (why: string, cause?: unknown) => void,
): { readonly socket: Socket; readonly write: (message: Buffer) => void; readonly end: () => void } => {
  const socket = connect({ host, port, noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let failure: unknown;
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
      const end = received.readUInt16BE(0) + 2;
      const message = received.subarray(2, end);
      received = received.subarray(end);
      onMessage(message);
    }
  });
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => {
    onLost(failure === undefined ? "closed the connection" : `cannot be reached: ${reasonOf(failure)}`, failure);
  });
  const write = (message: Buffer): void => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length, 0);
    socket.write(Buffer.concat([length, message]));
  };
  return { socket, write, end: () => socket.destroy() };
};

export interface Connection {
  /**
   * The answer to the message that `build` makes with a free id. Rejects with {@link Lost}, or with the signal's
   * reason.
   */
  readonly request: (build: (id: number) => Buffer, signal: AbortSignal) => Promise<Buffer>;
  readonly close: () => void;
}

interface Waiting {
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One connection for everything, opened when it is needed and again after the server has closed it; several requests
 * may be under way (RFC 7766 6.2.1). It keeps no process alive while nothing is asked.
 */
export const createConnection = (endpoint: Endpoint, timeoutMs: number): Connection => {
  const waiting = new Map<number, Waiting>();
  let current: ReturnType<typeof openFrames> | undefined;
  let answered = 0;

  const open = (): ReturnType<typeof openFrames> => {
    answered = 0;
    const frames = openFrames(
      endpoint,
      (message) => {
        answered++;
        if (message.length >= 2) waiting.get(message.readUInt16BE(0))?.resolve(message);
      },
      (why, cause) => {
        if (current !== frames) return;
        drop(new Lost(why, { idle: answered > 0, cause }));
      },
    );
    current = frames;
    return frames;
  };
  const drop = (error: unknown): void => {
    const gone = current;
    current = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    gone?.end();
    for (const { reject } of all) reject(error);
  };

  const request: Connection["request"] = (build, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      let id = randomInt(65_536);
      while (waiting.has(id)) id = randomInt(65_536);
      const message = build(id);
      const frames = current ?? open();
      // An answer that comes too late would be taken for the next one's: a connection that was slow once is given up.
      const timer = setTimeout(() => drop(new Lost(`did not answer within ${timeoutMs} ms`)), timeoutMs);
      const abort = (): void => settle(() => reject(signal.reason));
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        waiting.delete(id);
        if (waiting.size === 0) frames.socket.unref();
        finish();
      };
      signal.addEventListener("abort", abort, { once: true });
      waiting.set(id, {
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      });
      frames.socket.ref();
      frames.write(message);
    });

  return { request, close: () => drop(new Lost("is no longer asked")) };
};
