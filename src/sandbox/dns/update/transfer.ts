/** Handing over a whole zone: RFC 5936. */

import type { Rr } from "../lookup.ts";
import { encodeReply, type Query } from "../wire.ts";
import type { Content } from "../zone.ts";
import { soaOf } from "../zone.ts";

/** Records in one message: several messages are a case that readers must know. */
const PER_MESSAGE = 100;

/** The messages of a transfer, which begins and ends with the SOA; unsigned. Aliases exist only at their provider. */
export const transfer = (query: Query, content: Content, apex: string): readonly Buffer[] => {
  const all = [...content.values()]
    .flat()
    .filter(({ alias }) => alias === undefined)
    .flatMap((set) => set.values.map((value): Rr => ({ name: set.name, type: set.type, ttl: set.ttl ?? 0, value })));
  const soa = all.filter(({ name, type }) => type === "SOA" && name === apex);
  const rest = all.filter(({ type }) => type !== "SOA");
  if (!soaOf(content, apex)) return [encodeReply(query, { rcode: "SERVFAIL" }, false)];
  const records = [...soa, ...rest, ...soa];
  const messages: Buffer[] = [];
  for (let at = 0; at < records.length; at += PER_MESSAGE) {
    const answers = records.slice(at, at + PER_MESSAGE);
    messages.push(encodeReply(query, { rcode: "NOERROR", authoritative: true, answers }, false));
  }
  return messages;
};
