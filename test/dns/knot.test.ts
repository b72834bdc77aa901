import type { Answer } from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { locateChallenge } from "../../src/dns/challenge.ts";
import { delegationOf, delegationProblem } from "../../src/dns/delegation.ts";
import { everywhere } from "../../src/dns/propagation.ts";
import { childOf } from "../../src/dns/zone-choice.ts";
import type { Resolver } from "../../src/ports/dns.ts";
import { hasKnot, type Knot, startKnot } from "../real/knot.ts";
import { type Responder, startResponder } from "./responder.ts";

const PARENT = `$ORIGIN com.
$TTL 300
@ SOA ns.com. host.com. 1 3600 900 86400 60
@ NS ns.com.
ns A 192.0.2.1
example NS ns1.example
example NS ns2.example
ns1.example A 198.51.100.1
ns2.example A 198.51.100.2
ns2.example AAAA 2001:db8::2
`;
const zone = (value: string): string => `$ORIGIN example.com.
$TTL 300
@ SOA ns1 host 1 3600 900 86400 60
@ NS ns1
@ NS ns2
ns1 A 198.51.100.1
ns2 A 198.51.100.2
* CNAME lb.example.net.
_acme-challenge.own CNAME there.example.com.
own A 203.0.113.9
child NS ns.child
ns.child A 203.0.113.53
big TXT ${Array.from({ length: 20 }, (_, index) => `"${index}${"x".repeat(200)}"`).join(" ")}
marker TXT "${value}"
`;

describe.runIf(hasKnot())("a real Knot", () => {
  const knots: Knot[] = [];
  let system: Responder;
  let resolver: Resolver;

  beforeAll(async () => {
    const start = async (zones: Readonly<Record<string, string>>): Promise<string> => {
      const knot = await startKnot(zones);
      knots.push(knot);
      return knot.server;
    };
    const [parent, first, second] = await Promise.all([
      start({ com: PARENT }),
      start({ "example.com": zone("new") }),
      start({ "example.com": zone("old") }),
    ]);
    // The recursive resolver's part: it knows com and the address of its server.
    const known: readonly Answer[] = [
      { type: "NS", name: "com", ttl: 60, data: "ns.com" },
      { type: "A", name: "ns.com", ttl: 60, data: "192.0.2.1" },
    ];
    system = await startResponder(({ name, type }) => ({
      aa: false,
      answers: known.filter((record) => record.name === name && record.type === type),
    }));
    const connectTo = new Map([
      ["192.0.2.1", parent],
      ["198.51.100.1", first],
      ["198.51.100.2", second],
    ]);
    resolver = createResolver({ server: system.at, connectTo });
  });
  afterAll(async () => {
    await Promise.all([system?.close(), ...knots.map(({ close }) => close())]);
  });

  it("refers to a zone below it, with glue", async () => {
    const delegation = await delegationOf(resolver, "example.com");
    expect(delegation).toMatchObject({ source: "parent", parent: "com", saidBy: "ns.com (192.0.2.1)" });
    expect(delegation.servers).toEqual([
      { name: "ns1.example.com", addresses: ["198.51.100.1"] },
      { name: "ns2.example.com", addresses: ["198.51.100.2", "2001:db8::2"] },
    ]);
    const ours = { id: "example.com", name: "example.com", isPrivate: false };
    const nameServers = delegation.servers.map(({ name }) => name);
    expect(await delegationProblem(resolver, delegation, { ...ours, nameServers })).toBeUndefined();
    const nowhere = await delegationOf(resolver, "missing.com");
    expect(await delegationProblem(resolver, nowhere, { ...ours, name: "missing.com", nameServers })).toMatchObject({
      severity: "fail",
      what: expect.stringContaining("NXDOMAIN"),
    });
  });

  it("tells a wildcard's CNAME from one of its own", async () => {
    const options = { random: () => "qwerty", start: await delegationOf(resolver, "example.com") };
    expect(await locateChallenge(resolver, "example.com", options)).toMatchObject({
      name: "_acme-challenge.example.com",
      via: [],
    });
    expect(await locateChallenge(resolver, "own.example.com", options)).toMatchObject({
      name: "there.example.com",
      via: ["_acme-challenge.own.example.com"],
    });
  });

  it("shows which server is behind, and what a child zone takes over", async () => {
    const finding = await everywhere(resolver, "example.com", [
      { name: "marker.example.com", type: "TXT", values: ["new"] },
    ]);
    expect(finding.summary).toBe(
      'ns2.example.com (198.51.100.2) still answers "old" for marker.example.com TXT; ns1.example.com is right',
    );
    const { servers } = await delegationOf(resolver, "example.com");
    expect(await childOf(resolver, "example.com", servers, "www.child.example.com")).toEqual({
      name: "child.example.com",
      servers: ["ns.child.example.com"],
    });
    expect(await childOf(resolver, "example.com", servers, "www.example.com")).toBeUndefined();
  });

  it("sends what is long over TCP", async () => {
    const { answers } = await resolver.askServer("198.51.100.1", "big.example.com", "TXT");
    expect(answers[0]?.value).toHaveLength(200 * 20 + 30);
  });
});
