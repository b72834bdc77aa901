import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface DnsProxy {
  /** `127.0.0.1:5353`. */
  readonly server: string;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Between a client and a DNS server over TCP. `alter` sees each answer without its length and says what arrives
 * instead, if anything; `closeAfter`: the server's side ends after so many answers.
 */
export const startDnsProxy = async (
  target: string,
  {
    alter = (answer) => answer,
    closeAfter = Number.POSITIVE_INFINITY,
  }: {
    readonly alter?: (answer: Buffer) => Buffer | undefined;
    readonly closeAfter?: number;
  } = {},
): Promise<DnsProxy> => {
  const open = new Set<Socket>();
  let connections = 0;
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
  };
  const server = createServer((client) => {
    connections++;
    const upstream = connect({ host: "127.0.0.1", port: Number(target.split(":")[1]) });
    track(client);
    track(upstream);
    client.on("data", (chunk) => upstream.write(chunk));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    let received: Buffer = Buffer.alloc(0);
    let answers = 0;
    upstream.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
        const end = received.readUInt16BE(0) + 2;
        const answer = alter(Buffer.from(received.subarray(2, end)));
        received = received.subarray(end);
        if (answer) client.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
        if (++answers === closeAfter) client.end();
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};
