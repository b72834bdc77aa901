import { characterString } from "./dns-name.ts";
import type { PublishedRecords } from "./facts.ts";
import { joined, type Lines, lines } from "./shell.ts";

/** A value as zone files have it (RFC 1035 §5.1). */
export const zoneValue = (type: string, value: string): string =>
  type === "TXT" ? characterString(value) : type === "CNAME" ? `${value}.` : value;

/** `*.apps.example.com. 300 IN A 203.0.113.7`, a line for each value. */
export const zoneLines = (records: readonly PublishedRecords[]): Lines =>
  joined(
    "\n",
    records.map(({ name, type, ttl, values }) =>
      lines(values.map((value) => `${name}. ${ttl} IN ${type} ${zoneValue(type, value)}`).join("\n")),
    ),
  );
