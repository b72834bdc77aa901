import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { patient } from "../patience.ts";

/** A port of 127.0.0.1 that is free for both UDP and TCP. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const tcp = createServer().listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket("udp4");
    const free = await new Promise<boolean>((resolve) => {
      udp.once("error", () => resolve(false));
      udp.bind(port, "127.0.0.1", () => resolve(true));
    });
    await Promise.all([
      new Promise<void>((resolve) => tcp.close(() => resolve())),
      new Promise<void>((resolve) => udp.close(() => resolve())),
    ]);
    if (free) return port;
  }
};

/** Until a server accepts connections; fails when it ended first, or after half a minute. */
export const listening = async (port: number, ended: () => string | undefined): Promise<void> => {
  for (const deadline = Date.now() + patient(30_000); ; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("error", () => resolve(false));
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
    });
    if (open) return;
    const why = ended();
    if (why !== undefined || Date.now() > deadline) throw new Error(`port ${port} did not open: ${why ?? "too slow"}`);
    await pause(20);
  }
};
