import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Socket } from "node:net";
import * as packet from "dns-packet";

type Record = { type: "TXT"; data: readonly string[] } | { type: "CAA"; tag: string; value: string; flags?: number };

/** What the world's DNS says to a resolver: names to records, an alias, or an rcode. Unknown names are NXDOMAIN. */
export interface Responder {
  readonly resolver: string;
  readonly names: Map<string, { records?: readonly Record[]; alias?: string; rcode?: "SERVFAIL" | "REFUSED" }>;
  readonly txt: (name: string, ...values: readonly string[]) => void;
  /** `TXT _acme-challenge.example.com`, in the order they came. */
  readonly questions: string[];
  readonly close: () => Promise<void>;
}

const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

export const startResponder = async (): Promise<Responder> => {
  const names: Responder["names"] = new Map();
  const questions: string[] = [];
  const answer = (message: Buffer): Buffer | undefined => {
    const query = packet.decode(message);
    const [question] = query.questions ?? [];
    if (!question) return undefined;
    questions.push(`${question.type} ${question.name}`);
    return answerTo(query.id ?? 0, question, names);
  };
  const udp = createSocket("udp4");
  udp.on("message", (message, from) => {
    const reply = answer(message);
    if (reply) udp.send(reply, from.port, from.address);
  });
  // Newer versions of Pebble ask over TCP only.
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    let waiting = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length > 2 && waiting.length >= 2 + waiting.readUInt16BE()) {
        const end = 2 + waiting.readUInt16BE();
        const reply = answer(waiting.subarray(2, end));
        waiting = waiting.subarray(end);
        const length = Buffer.alloc(2);
        if (!reply) continue;
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      }
    });
  });
  // TCP chooses the port: of the two it is the one that others use up.
  await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = tcp.address() as AddressInfo;
  await new Promise<void>((resolve, reject) => udp.once("error", reject).bind(port, "127.0.0.1", resolve));
  return {
    resolver: `127.0.0.1:${port}`,
    names,
    questions,
    txt: (name, ...values) => {
      names.set(name, { records: values.map((value) => ({ type: "TXT", data: [value] })) });
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => udp.close(resolve));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };
};

const answerTo = (id: number, question: packet.Question, names: Responder["names"]): Buffer => {
  const { name, type } = question;
  const entry = names.get(name);
  const target = entry?.alias === undefined ? entry : names.get(entry.alias);
  const rcode = !target ? RCODES.NXDOMAIN : target.rcode ? RCODES[target.rcode] : 0;
  const answers: packet.Answer[] = [];
  if (entry?.alias !== undefined) answers.push({ type: "CNAME", name, data: entry.alias });
  for (const record of target?.records ?? [])
    if (record.type === type)
      answers.push(
        record.type === "TXT"
          ? { type: "TXT", name: entry?.alias ?? name, data: [...record.data] }
          : { type: "CAA", name, data: { flags: 0, issuerCritical: false, ...record } as packet.CaaData },
      );
  return packet.encode({
    id,
    type: "response",
    flags: packet.RECURSION_AVAILABLE | packet.RECURSION_DESIRED | rcode,
    questions: [question],
    answers,
  });
};
