import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, TRUNCATED_RESPONSE } from "dns-packet";

/** What a test's server was asked. */
export interface Asked {
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly recursion: boolean;
  /** What the client takes over UDP, by EDNS; absent without EDNS. */
  readonly payload: number | undefined;
}

export interface Reply {
  readonly rcode?: number;
  readonly aa?: boolean;
  readonly tc?: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/** A server with one answer for each question; `undefined` is silence, bytes are sent as they are. */
export interface Responder {
  /** `127.0.0.1:PORT`, the same port for UDP and TCP. */
  readonly at: string;
  readonly asked: readonly Asked[];
  readonly close: () => Promise<void>;
}

type Answering = (asked: Asked, query: Packet) => Reply | Buffer | readonly Buffer[] | undefined;

export const reply = (query: Packet, { rcode = 0, aa = true, tc = false, ...sections }: Reply): Buffer =>
  encode({
    type: "response",
    id: query.id,
    flags: rcode | (aa ? AUTHORITATIVE_ANSWER : 0) | (tc ? TRUNCATED_RESPONSE : 0),
    questions: query.questions,
    answers: [...(sections.answers ?? [])],
    authorities: [...(sections.authorities ?? [])],
    additionals: [...(sections.additionals ?? [])],
  });

export const startResponder = async (answer: Answering, host = "127.0.0.1"): Promise<Responder> => {
  const asked: Asked[] = [];
  const handle = (message: Buffer, transport: "udp" | "tcp"): readonly Buffer[] => {
    const query = decode(message);
    const question = query.questions?.[0];
    const opt = query.additionals?.find((record) => record.type === "OPT");
    const seen: Asked = {
      name: (question?.name ?? "").toLowerCase(),
      type: question?.type ?? "",
      transport,
      recursion: query.flag_rd,
      payload: opt?.udpPayloadSize,
    };
    asked.push(seen);
    const answered = answer(seen, query);
    if (!answered) return [];
    if (Buffer.isBuffer(answered)) return [answered];
    return Array.isArray(answered) ? answered : [reply(query, answered as Reply)];
  };

  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      for (const message of handle(data.subarray(2), "tcp")) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        // In pieces, as TCP may deliver it.
        socket.write(length);
        socket.write(message.subarray(0, 5));
        socket.write(message.subarray(5));
      }
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, host, resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  udp.on("message", (message, from) => {
    for (const answered of handle(message, "udp")) udp.send(answered, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, host, resolve));

  return {
    at: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
};
