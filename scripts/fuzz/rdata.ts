import { BadName, encodeName, readName } from "../../src/dns/rfc2136/names.ts";
import { decodeValue, encodeValue, TYPES } from "../../src/dns/rfc2136/rdata.ts";
import { escapeName, normalName } from "../../src/dns/route53/names.ts";
import { readValue, writeValue } from "../../src/dns/route53/rdata.ts";
import type { RecordType } from "../../src/ports/dns.ts";
import type { Chance } from "./chance.ts";
import { nameOf } from "./dns-messages.ts";
import { bytesOf, mutated, mutatedText, textOf } from "./mutate.ts";
import { must, same, type Target, unless } from "./target.ts";

const isBroken = (error: unknown): boolean => error instanceof RangeError || error instanceof BadName;

const writtenOf = (chance: Chance, type: RecordType): string => {
  const octets = (): string => Array.from({ length: 4 }, () => chance.below(256)).join(".");
  switch (type) {
    case "A":
      return octets();
    case "AAAA":
      return `2001:db8::${chance.below(65_536).toString(16)}:${(1 + chance.below(65_535)).toString(16)}`;
    case "CAA":
      return `${chance.below(256)} ${chance.pick(["issue", "issuewild", "iodef"])} "${chance.pick(["ca.example", "ca.example; accounturi=https://ca.example/1", ";"])}"`;
    case "TXT":
      return textOf(chance, 300).replaceAll("\ud800", "");
    default:
      return nameOf(chance).toLowerCase();
  }
};

const WRITTEN = TYPES.filter((type) => type !== "SOA");

export const rdata: Target = {
  name: "rdata",
  holds: "a value comes back as it was written, in the wire format and in Route 53's; broken RDATA is refused as that",
  check: (chance, note) => {
    const type = chance.pick(WRITTEN);
    const value = writtenOf(chance, type);
    note([type, value]);
    const wire = encodeValue(type, value);
    same(decodeValue(type, wire), value, `${type} in the wire format`);
    if (type === "TXT") same(readValue(type, writeValue(type, value)), value, "TXT of Route 53");

    const broken = chance.below(4) === 0 ? bytesOf(chance, 80) : mutated(chance, wire);
    const asked = chance.pick(TYPES);
    note([asked, broken]);
    const found = unless(isBroken, () => decodeValue(asked, broken));
    must(
      found === undefined || found.length <= 4 * broken.length + 1100,
      "a value that is longer than its bytes allow",
    );
    const name = unless(isBroken, () => readName(broken, 0).name);
    if (name !== undefined) same(readName(encodeName(name), 0).name, name, "a name");

    const text = mutatedText(chance, writeValue("TXT", value), ['"', "\\", "\\052", "\\999"]);
    note(text);
    must(readValue("TXT", text).length <= text.length, "a TXT that grew");
    const written = nameOf(chance).toLowerCase();
    if (/^[ -~]*$/.test(written)) same(normalName(escapeName(written)), normalName(written), "a name of Route 53");
  },
};
