import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { decode, encode, type Packet, streamDecode, streamEncode } from "dns-packet";

export interface TxtServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Name → values; written by tests and by {@link memoryZones}. */
  readonly txt: Map<string, readonly string[]>;
  readonly close: () => Promise<void>;
}

/** Answers TXT from a table, authoritatively, over UDP and TCP on one port; anything else is NOERROR without data. */
export const startTxtServer = async (): Promise<TxtServer> => {
  const txt = new Map<string, readonly string[]>();
  const respond = (query: Packet): Packet => {
    const [question] = query.questions ?? [];
    const name = question?.name ?? "";
    const values = question?.type === "TXT" ? (txt.get(name.toLowerCase()) ?? []) : [];
    const missing = question?.type === "TXT" && values.length === 0;
    return {
      type: "response",
      id: query.id ?? 0,
      // AA, and NXDOMAIN for a name that has no TXT.
      flags: 0x0400 | (missing ? 3 : 0),
      questions: query.questions ?? [],
      answers: values.map((data) => ({ type: "TXT" as const, class: "IN" as const, name, ttl: 1, data })),
    };
  };
  const udp = createSocket("udp4");
  udp.on("message", (message, from) => udp.send(encode(respond(decode(message))), from.port, from.address));
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      socket.end(streamEncode(respond(streamDecode(bytes))));
    });
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once("error", reject);
    tcp.listen(0, "127.0.0.1", resolve);
  });
  const at = tcp.address();
  const port = typeof at === "object" && at ? at.port : 0;
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind(port, "127.0.0.1", resolve);
  });
  return {
    address: `127.0.0.1:${port}`,
    txt,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
};
