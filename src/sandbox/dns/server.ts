/** One DNS server's sockets: UDP and TCP on the same port of 127.0.0.1. They keep no process alive. */

import { createSocket, type Socket as Datagrams } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Transport } from "./wire.ts";

export interface Listening {
  /** `127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

/** Nothing: no answer at all. Several messages only over TCP. */
export type Handle = (message: Buffer, transport: Transport) => Promise<readonly Buffer[]>;

/** The port is free for TCP; that it is for UDP too is chance. */
const TRIES = 20;
const HOST = "127.0.0.1";

export const listen = async (handle: Handle): Promise<Listening> => {
  for (let tries = TRIES; ; tries -= 1) {
    const streams = createServer({ noDelay: true }, (socket) => serveStream(socket, handle));
    const port = await listenStreams(streams);
    try {
      const datagrams = await bindDatagrams(port);
      return start(datagrams, streams, port, handle);
    } catch (error) {
      streams.close();
      if (tries === 1) throw error;
    }
  }
};

const start = (datagrams: Datagrams, streams: Server, port: number, handle: Handle): Listening => {
  const sockets = new Set<Socket>();
  streams.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let open = true;
  datagrams.on("message", (message, peer) => {
    handle(message, "udp").then(
      ([answer]) => {
        // Whoever has gone away cannot be told.
        if (answer && open) datagrams.send(answer, peer.port, peer.address, () => undefined);
      },
      () => undefined,
    );
  });
  datagrams.unref();
  streams.unref();
  return {
    endpoint: `${HOST}:${port}`,
    close: async () => {
      open = false;
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => datagrams.close(resolve)),
        new Promise<void>((resolve) => {
          streams.close(() => resolve());
        }),
      ]);
    },
  };
};

const listenStreams = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const bindDatagrams = (port: number): Promise<Datagrams> =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, HOST, () => {
      socket.removeAllListeners("error");
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });

const serveStream = (socket: Socket, handle: Handle): void => {
  let pending: Buffer = Buffer.alloc(0);
  socket.unref();
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const message = pending.subarray(2, end);
      pending = pending.subarray(end);
      handle(message, "tcp").then(
        (answers) => {
          // A server that does not answer ends the connection, so that nobody waits for its time to run out.
          if (answers.length === 0) socket.destroy();
          for (const answer of answers) socket.write(framed(answer));
        },
        () => socket.destroy(),
      );
    }
  });
};

/** A message as streams carry it (RFC 1035 §4.2.2). */
export const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};
