import { randomBytes } from "node:crypto";
import type { RecordPlace, RecordSet } from "../ports/zones.ts";

/** A record set that no zone contains, because its value is random. */
export const unusedSet = ({ name, type }: RecordPlace): RecordSet => ({ name, type, ttl: 60, values: [madeUp(type)] });

const madeUp = (type: RecordPlace["type"]): string => {
  const chance = randomBytes(8);
  switch (type) {
    case "A":
      // RFC 1112 §4: reserved, no host has such an address.
      return `240.${[...chance.subarray(0, 3)].join(".")}`;
    case "AAAA":
      // RFC 3849: for documentation.
      return `2001:db8::1:${[0, 2, 4].map((at) => chance.readUInt16BE(at).toString(16)).join(":")}`;
    case "CNAME":
      return `${chance.toString("hex")}.invalid`;
    default:
      return `kn-bootstrap trial ${chance.toString("hex")}`;
  }
};
