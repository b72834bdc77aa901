import { promises } from "node:dns";
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../../src/sandbox/dns/ask.ts";
import { type Dns, type DnsOptions, type RecordSet, type SeenQuestion, startDns } from "../../src/sandbox/dns/index.ts";
import { patient } from "../patience.ts";

let open: Dns[] = [];
const start = async (options?: DnsOptions): Promise<Dns> => {
  const dns = await startDns(options);
  open.push(dns);
  return dns;
};
afterEach(async () => {
  await Promise.all(open.map((dns) => dns.close()));
  open = [];
});

/** As the ACME CA and the checks ask: through the resolver, by Node's own client. */
const resolverOf = (dns: Dns): promises.Resolver => {
  const resolver = new promises.Resolver({ timeout: patient(10_000), tries: 1 });
  resolver.setServers([dns.resolver]);
  return resolver;
};
const code = (work: Promise<unknown>): Promise<unknown> => work.catch((error: { code: string }) => error.code);
const a = (name: string, ...values: readonly string[]): RecordSet => ({ name, type: "A", ttl: 60, values });
const txt = (name: string, ...values: readonly string[]): RecordSet => ({ name, type: "TXT", ttl: 60, values });

describe("the way down from the root", () => {
  it("follows delegations, out-of-zone name servers and CNAMEs into other zones", async () => {
    const dns = await start({ hosts: new Map([["lb-1.eu-west-1.elb.amazonaws.com", ["203.0.113.200"]]]) });
    const zone = await dns.addZone({ name: "example.com" });
    const caa = ['0 issue "ca.example; validationmethods=dns-01"'];
    zone.records.set({ name: "example.com", type: "CAA", ttl: 60, values: caa });
    zone.records.set({
      name: "*.apps.example.com",
      type: "CNAME",
      ttl: 60,
      values: ["lb-1.eu-west-1.elb.amazonaws.com."],
    });
    zone.records.set(txt("_acme-challenge.apps.example.com", "one", "two"));
    const resolver = resolverOf(dns);
    expect(await resolver.resolve4("hello.apps.example.com")).toEqual(["203.0.113.200"]);
    expect((await resolver.resolveTxt("_acme-challenge.apps.example.com")).flat().sort()).toEqual(["one", "two"]);
    expect(await resolver.resolveCaa("example.com")).toMatchObject([{ issue: "ca.example; validationmethods=dns-01" }]);
    expect((await resolver.resolveNs("example.com")).sort()).toEqual(zone.nameServers);
    expect(await code(resolver.resolve4("nowhere.example.com"))).toBe("ENOTFOUND");
    expect(await code(resolver.resolveTxt("apps.example.com"))).toBe("ENODATA");
    expect(await code(resolver.resolve4("nothing.at.all.example.org"))).toBe("ENOTFOUND");
  });

  it("never reaches an undelegated twin or a private zone, and follows a change of the delegation", async () => {
    const dns = await start();
    const twin = await dns.addZone({ name: "example.com", delegated: false, records: [txt("example.com", "twin")] });
    const real = await dns.addZone({ name: "example.com", records: [txt("example.com", "real")] });
    const hidden = await dns.addZone({
      name: "internal.example.com",
      isPrivate: true,
      records: [a("internal.example.com", "10.0.0.1")],
    });
    const resolver = resolverOf(dns);
    expect(dns.zone("example.com")).toBe(real);
    expect(hidden.nameServers).toEqual([]);
    expect(await resolver.resolveTxt("example.com")).toEqual([["real"]]);
    expect(await code(resolver.resolve4("internal.example.com"))).toBe("ENOTFOUND");
    real.delegate(twin.nameServers);
    expect(await resolver.resolveTxt("example.com")).toEqual([["twin"]]);
    real.delegate(false);
    expect(await code(resolver.resolveTxt("example.com"))).toBe("ENOTFOUND");
  });

  it("gives a deeper zone to its own servers, and a parent that was only made for it to whoever asks", async () => {
    const dns = await start();
    await dns.addZone({ name: "apps.example.com", records: [txt("x.apps.example.com", "child")] });
    await dns.addZone({
      name: "example.com",
      records: [txt("x.apps.example.com", "parent"), txt("y.example.com", "y")],
    });
    const resolver = resolverOf(dns);
    expect(await resolver.resolveTxt("x.apps.example.com")).toEqual([["child"]]);
    expect(await resolver.resolveTxt("y.example.com")).toEqual([["y"]]);
  });

  it("reaches name servers inside the zone by their glue, over each address", async () => {
    const dns = await start();
    const nameServers = ["ns1.example.net", "ns2.example.net"];
    await dns.addZone({ name: "example.net", nameServers, ipv6: "reachable" });
    const resolver = resolverOf(dns);
    const [v4 = ""] = await resolver.resolve4("ns1.example.net");
    const [v6 = ""] = await resolver.resolve6("ns1.example.net");
    expect([v4, v6]).toEqual(dns.addressesOf("ns1.example.net"));
    for (const address of [v4, v6])
      expect(await ask(dns.connectTo.get(address) ?? "", 1, "example.net", "SOA")).toMatchObject({
        authoritative: true,
      });
  });
});

describe("a name server", () => {
  it("can be lame, silent, broken or behind, one at a time", async () => {
    const seen: SeenQuestion[] = [];
    const dns = await start({ onQuery: (question) => void seen.push(question) });
    const zone = await dns.addZone({ name: "example.com" });
    const [first = "", second = ""] = zone.nameServers;
    const rcode = async (server: string): Promise<string | undefined> =>
      (await ask(dns.endpoint(server), 1, "new.example.com", "A"))?.rcode;
    dns.setFault(first, { lag: Number.POSITIVE_INFINITY });
    zone.records.set(a("new.example.com", "192.0.2.1"));
    expect([await rcode(first), await rcode(second)]).toEqual(["NXDOMAIN", "NOERROR"]);
    dns.setFault(first, "lame");
    expect(await rcode(first)).toBe("REFUSED");
    dns.setFault(dns.addressesOf(first)[0] ?? "", (question) => (question.type === "A" ? "servfail" : undefined));
    expect(await rcode(first)).toBe("SERVFAIL");
    // The resolver goes on to the other one.
    expect(await resolverOf(dns).resolve4("new.example.com")).toEqual(["192.0.2.1"]);
    dns.setFault(first, "drop");
    expect(await ask(dns.endpoint(first), 1, "new.example.com", "A", 100)).toBeUndefined();
    expect(seen.at(-1)).toMatchObject({ server: first, name: "new.example.com", type: "A", transport: "udp" });
    expect(seen.at(-1)?.rcode).toBeUndefined();
    dns.setFault(first);
    expect(await rcode(first)).toBe("NOERROR");
  });

  it("sends to TCP what does not fit", async () => {
    const seen: SeenQuestion[] = [];
    const dns = await start({ onQuery: (question) => void seen.push(question) });
    const values = Array.from({ length: 30 }, (_, index) => `"${String(index).padStart(60, "x")}"`);
    const zone = await dns.addZone({ name: "example.com", records: [txt("big.example.com", ...values)] });
    expect(await resolverOf(dns).resolveTxt("big.example.com")).toHaveLength(30);
    const atServer = seen.filter(({ server, type }) => zone.nameServers.includes(server) && type === "TXT");
    const ways = new Set(atServer.map(({ transport, truncated }) => `${transport}${truncated ? ", truncated" : ""}`));
    expect([...ways]).toEqual(["udp, truncated", "tcp"]);
  });
});

describe("the resolver's cache", () => {
  it("keeps a negative answer for as long as the SOA says (RFC 2308), and is off by default", async () => {
    let time = Date.now();
    const [caching, plain] = await Promise.all([start({ isCaching: true, now: () => time }), start()]);
    const answers = async (dns: Dns): Promise<unknown> =>
      code(resolverOf(dns).resolveTxt("_acme-challenge.example.com"));
    const zones = await Promise.all([caching, plain].map((dns) => dns.addZone({ name: "example.com" })));
    expect([await answers(caching), await answers(plain)]).toEqual(["ENOTFOUND", "ENOTFOUND"]);
    for (const { records } of zones) records.set(txt("_acme-challenge.example.com", "token"));
    expect([await answers(caching), await answers(plain)]).toEqual(["ENOTFOUND", [["token"]]]);
    time += 899_000;
    expect(await answers(caching)).toBe("ENOTFOUND");
    time += 2_000;
    expect(await answers(caching)).toEqual([["token"]]);
  });
});
