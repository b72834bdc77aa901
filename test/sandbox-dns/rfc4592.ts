import type { RecordSet } from "../../src/sandbox/dns/index.ts";

const set = (name: string, type: string, ...values: readonly string[]): RecordSet => ({
  name,
  type,
  ttl: 3600,
  values,
});

/** The zone of RFC 4592 §2.2.1. */
export const exampleZone: readonly RecordSet[] = [
  set("example", "SOA", "ns.example.com hostmaster.example.com 1 7200 900 1209600 600"),
  set("example", "NS", "ns.example.com", "ns.example.net"),
  set("*.example", "TXT", '"this is a wildcard"'),
  set("*.example", "MX", "10 host1.example"),
  set("sub.*.example", "TXT", '"this is not a wildcard"'),
  set("host1.example", "A", "192.0.2.1"),
  set("_ssh._tcp.host1.example", "SRV", "0 0 22 host1.example"),
  set("_ssh._tcp.host2.example", "SRV", "0 0 22 host2.example"),
  set("subdel.example", "NS", "ns.example.com", "ns.example.net"),
];

/** What a domain with wildcards, challenges and delegations looks like. */
export const busyZone: readonly RecordSet[] = [
  set("busy.test", "SOA", "ns1.busy.test hostmaster.busy.test 7 7200 900 1209600 300"),
  set("busy.test", "NS", "ns1.busy.test", "ns2.busy.test"),
  set("ns1.busy.test", "A", "192.0.2.11"),
  set("ns2.busy.test", "A", "192.0.2.12"),
  set("busy.test", "CAA", '0 issue "ca.example"', '128 issuewild "ca.example; accounturi=https://ca.example/acct/1"'),
  set("busy.test", "TXT", '"one" "two"', '"back\\\\slash and \\"quote\\""'),
  set("*.busy.test", "CNAME", "gateway.busy.test"),
  set("gateway.busy.test", "A", "192.0.2.20", "192.0.2.21"),
  set("gateway.busy.test", "AAAA", "2001:db8::20"),
  set("_acme-challenge.ns.busy.test", "TXT", '"token"'),
  set("*.team.busy.test", "A", "192.0.2.30"),
  set("deep.down.team.busy.test", "A", "192.0.2.31"),
  set("away.busy.test", "CNAME", "gateway.example.org"),
  set("chain.busy.test", "CNAME", "chain2.busy.test"),
  set("chain2.busy.test", "CNAME", "gateway.busy.test"),
  set("broken.busy.test", "CNAME", "nothing.ns.busy.test"),
  set("into.busy.test", "CNAME", "host.child.busy.test"),
  set("child.busy.test", "NS", "ns.child.busy.test", "ns.example.org"),
  set("ns.child.busy.test", "A", "192.0.2.40"),
];

/** A zone of few labels, so that its wildcards, aliases, cuts and empty names meet each other. Seeded: mulberry32. */
export const randomZone = (apex: string, seed: number): readonly RecordSet[] => {
  let state = seed;
  const pick = <T>(...choices: readonly [T, ...T[]]): T => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return choices[((mixed ^ (mixed >>> 14)) >>> 0) % choices.length] ?? choices[0];
  };
  const name = (): string => [...Array.from({ length: pick(1, 2, 3) }, () => pick("a", "b", "*", "c")), apex].join(".");
  const sets = new Map([
    [apex, [set(apex, "SOA", `ns.${apex} hostmaster.${apex} 1 7200 900 1209600 300`), set(apex, "NS", `ns.${apex}`)]],
    [`ns.${apex}`, [set(`ns.${apex}`, "A", "192.0.2.1")]],
  ]);
  for (let count = 0; count < 9; count += 1) {
    const owner = name();
    if (sets.has(owner)) continue;
    const kind = pick("A", "A", "CNAME", "CNAME", "TXT", owner.startsWith("*") ? "A" : "NS");
    const value = { A: "192.0.2.2", CNAME: name(), NS: pick(`ns.${apex}`, `ns.${owner}`), TXT: '"text"' }[kind];
    sets.set(owner, [set(owner, kind, value)]);
  }
  return [...sets.values()].flat();
};
