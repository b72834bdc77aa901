import { connect } from "node:net";
import packet from "dns-packet";
import type { RecordType } from "../../src/ports/dns.ts";

const text = (data: unknown): string => {
  if (Array.isArray(data)) return Buffer.concat(data.map((part) => Buffer.from(part))).toString("latin1");
  if (Buffer.isBuffer(data)) return data.toString("latin1");
  if (typeof data === "string") return data.replace(/\.$/, "").toLowerCase();
  const { flags = 0, tag, value } = data as { flags?: number; tag: string; value: string };
  return `${flags} ${tag} "${value}"`;
};

/** The values that one server answers, over TCP so that nothing is cut off. `server`: `127.0.0.1:5353`. */
export const ask = (server: string, name: string, type: RecordType): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const [host, port] = server.split(/:(?=\d+$)/);
    const socket = connect({ host: host ?? "", port: Number(port ?? 53) });
    socket.setTimeout(5000, () => socket.destroy(new Error(`${server} did not answer`)));
    const received: Buffer[] = [];
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received.push(chunk);
      const all = Buffer.concat(received);
      if (all.length < 2 || all.length < all.readUInt16BE(0) + 2) return;
      socket.destroy();
      const { answers = [] } = packet.streamDecode(all) ?? {};
      resolve(answers.filter((answer) => answer.type === type).map((answer) => text("data" in answer && answer.data)));
    });
    socket.on("connect", () => {
      socket.write(packet.streamEncode({ type: "query", id: 1, questions: [{ type, name }] }));
    });
  });
