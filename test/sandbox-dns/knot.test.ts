import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/sandbox/dns/ask.ts";
import { type Dns, type RecordSet, startDns } from "../../src/sandbox/dns/index.ts";
import { patient } from "../patience.ts";
import { hasKnot, type Knot, startKnot } from "../real/knot.ts";
import { busyZone, exampleZone, randomZone } from "./rfc4592.ts";

const SEEDS = Number(process.env.KN_TEST_ZONES ?? 6);
const ZONES: Readonly<Record<string, readonly RecordSet[]>> = {
  example: exampleZone,
  "busy.test": busyZone,
  ...Object.fromEntries(
    Array.from({ length: SEEDS }, (_, seed) => [`random${seed}.test`, randomZone(`random${seed}.test`, seed)]),
  ),
};
const TYPES = ["A", "AAAA", "TXT", "MX", "CNAME", "NS", "SOA", "CAA", "SRV"];

/** Values are as zone files have them, but for the dots that make their names absolute. */
const dotted = (type: string, value: string): string => {
  if (type === "SOA") return value.replace(/^(\S+) (\S+) /, "$1. $2. ");
  return ["CNAME", "NS", "MX", "SRV"].includes(type) ? `${value}.` : value;
};
const zoneFileOf = (sets: readonly RecordSet[]): string =>
  sets
    .flatMap(({ name, type, ttl, values }) =>
      values.map((value) => `${name}. ${ttl} IN ${type} ${dotted(type, value)}\n`),
    )
    .join("");

/** Every name of a zone, what lies above it, beside it and below it. */
const namesAround = (sets: readonly RecordSet[], apex: string): readonly string[] => {
  const names = new Set<string>();
  for (const { name } of sets)
    for (let at = name; at.endsWith(apex); at = at.slice(at.indexOf(".") + 1)) {
      for (const each of [at, `zz.${at}`, `y.zz.${at}`, `*.${at}`]) names.add(each);
      if (!at.includes(".")) break;
    }
  return [...names];
};

describe.runIf(hasKnot())("a zone beside a real Knot", () => {
  let dns: Dns;
  let knot: Knot;
  beforeAll(async () => {
    const files = Object.entries(ZONES).map(([name, sets]) => [name, zoneFileOf(sets)]);
    [dns, knot] = await Promise.all([startDns(), startKnot(Object.fromEntries(files))]);
    for (const [name, records] of Object.entries(ZONES)) await dns.addZone({ name, records, delegated: false });
  });
  afterAll(() => Promise.all([dns?.close(), knot?.close()]));

  const seen = async (endpoint: string, name: string, type: string): Promise<unknown> => {
    const response = await ask(endpoint, 7, name, type, patient(10_000));
    if (!response) throw new Error(`${endpoint} did not answer ${name} ${type}`);
    const { rcode, authoritative, answers, authority, additional } = response;
    // In a loop of CNAMEs through a wildcard Knot says one record twice, which says nothing more.
    const text = (records: typeof answers): readonly string[] =>
      [...new Set(records.map((record) => `${record.name} ${record.ttl} ${record.type} ${record.value}`))].sort();
    const isReferral = authority.some((record) => record.type === "NS");
    // Additional addresses beside an answer are a courtesy that Knot shows for more types than we do.
    const glue = isReferral ? text(additional) : [];
    return { name, type, rcode, authoritative, answers: text(answers), authority: text(authority), glue };
  };

  it.each(Object.entries(ZONES))("answers every question about %s alike", async (apex, sets) => {
    const own = dns.endpoint(dns.zone(apex).nameServers[0] ?? "");
    for (const name of namesAround(sets, apex)) {
      const pairs = await Promise.all(
        TYPES.map((type) => Promise.all([seen(own, name, type), seen(knot.server, name, type)])),
      );
      for (const [ours, theirs] of pairs) expect(ours).toEqual(theirs);
    }
  });

  it("refuses alike what it has no zone for", async () => {
    const own = dns.endpoint(dns.zone("example").nameServers[0] ?? "");
    expect(await seen(own, "elsewhere.org", "A")).toEqual(await seen(knot.server, "elsewhere.org", "A"));
  });
});
