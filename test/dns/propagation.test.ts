import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { awaitEverywhere } from "../../src/dns/await-everywhere.ts";
import { everywhere, rememberServers } from "../../src/dns/propagation.ts";
import { NoAnswer, type Resolver } from "../../src/ports/dns.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import { startWorld, type World } from "./world.ts";

const CHALLENGE = "_acme-challenge.apps.example.com";
const txt = (...values: readonly string[]) => ({ name: CHALLENGE, type: "TXT" as const, values });
const record = (...values: readonly string[]) => ({ name: CHALLENGE, type: "TXT", ttl: 60, values });

type Tail<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Rest : never;

let world: World;
let zone: Zone;
let second: string;
beforeEach(async () => {
  world = await startWorld();
  zone = await world.dns.addZone({
    name: "example.com",
    nameServers: ["ns1.example.com", "ns2.example.com"],
    ipv6: "unreachable",
  });
  [, second = ""] = zone.nameServers;
});
afterEach(() => world.close());

const v4Of = (server: string): string => world.dns.addressesOf(server)[0] ?? "";
const look = (...expectations: readonly Parameters<typeof everywhere>[2][number][]) =>
  everywhere(world.resolver, "example.com", expectations);
/** The second server stays with what it has now. */
const holdBack = (): void => world.dns.setFault(second, { lag: Number.POSITIVE_INFINITY });

describe("records are everywhere", () => {
  it("when every server has them, though this machine reaches none by IPv6, which is said", async () => {
    zone.records.set(record('"mine"', '"other"'));
    const finding = await look(txt("mine"));
    expect(finding.status).toBe("ok");
    expect(finding.summary).toMatch(
      /^all 2 addresses of 2 name servers of example\.com have it; not reached from here: /,
    );
    expect(finding.summary).toContain("ns1.example.com (2001:db8::");
  });

  it("not while one server still knows nothing of them: it and the other are named", async () => {
    holdBack();
    zone.records.set(record('"mine"'));
    expect(await look(txt("mine"))).toMatchObject({
      status: "fail",
      summary: `ns2.example.com (${v4Of(second)}) still answers NXDOMAIN for ${CHALLENGE} TXT; ns1.example.com is right`,
      remedy: { command: `dig +norecurse ${CHALLENGE} TXT @${v4Of(second)}` },
    });
  });

  it("not while one server still has the old value", async () => {
    zone.records.set(record('"old"'));
    zone.records.set(record('"new"'));
    world.dns.setFault(second, ({ type }) => (type === "TXT" ? { lag: Number.POSITIVE_INFINITY } : undefined));
    // The zone began without any, so that the laggard has not even the old one.
    expect((await look(txt("new"))).summary).toContain(`ns2.example.com (${v4Of(second)}) still answers NXDOMAIN`);
    world.dns.setFault(second);
    zone.records.set(record('"newer"'), (server) => (server === second ? 60_000 : 0));
    expect((await look(txt("newer"))).summary).toContain(`ns2.example.com (${v4Of(second)}) still answers "new"`);
  });

  it("compares exactly where it is told to, and nothing at all", async () => {
    zone.records.set(record('"mine"', '"other"'));
    expect(await look({ ...txt("mine"), match: "exact" })).toMatchObject({ status: "fail" });
    expect(await look({ ...txt(), match: "exact" })).toMatchObject({ status: "fail" });
    zone.records.delete(CHALLENGE, "TXT");
    expect(await look({ ...txt(), match: "exact" })).toMatchObject({ status: "ok" });
    expect(await look({ ...txt(), match: "any" })).toMatchObject({ status: "fail" });
  });

  it("compares addresses and names however they are written, wildcards by their own name", async () => {
    zone.records.set({ name: "*.apps.example.com", type: "AAAA", ttl: 60, values: ["2001:db8::7"] });
    zone.records.set({ name: "*.web.example.com", type: "CNAME", ttl: 60, values: ["lb.example.net"] });
    expect(
      await look(
        { name: "*.apps.example.com", type: "AAAA", values: ["2001:DB8:0::7"], match: "exact" },
        { name: "*.web.example.com", type: "CNAME", values: ["LB.example.net"], match: "exact" },
      ),
    ).toMatchObject({ status: "ok" });
  });

  it("not when a name server is silent: it is named", async () => {
    zone.records.set(record('"mine"'));
    world.dns.setFault(second, "drop");
    const finding = await look(txt("mine"));
    expect(finding.status).toBe("fail");
    expect(finding.summary).toContain(`ns2.example.com (${world.dns.addressesOf(second).join(", ")}) does not answer`);
  });

  it("though this machine has no way to a name server at all, which is said", async () => {
    zone.records.set(record('"mine"'));
    const { askServer } = world.resolver;
    const noWay = Object.assign(new Error("connect"), { code: "ENETUNREACH" });
    const resolver = {
      ...world.resolver,
      askServer: async (address: string, ...question: Tail<Parameters<typeof askServer>>) => {
        if (address === v4Of(second)) throw new NoAnswer(address, `${address} does not answer`, noWay);
        return askServer(address, ...question);
      },
    };
    const finding = await everywhere(resolver, "example.com", [txt("mine")]);
    expect(finding).toMatchObject({ status: "ok", summary: expect.stringContaining(`(${v4Of(second)})`) });
  });

  it("not when a name server does not know the zone", async () => {
    zone.records.set(record('"mine"'));
    world.dns.setFault(second, "lame");
    expect((await look(txt("mine"))).summary).toContain(`ns2.example.com (${v4Of(second)}) still answers REFUSED`);
  });

  it("over TCP, when the answer does not fit", async () => {
    const values = Array.from({ length: 30 }, (_, index) => `${index}-${"x".repeat(100)}`);
    zone.records.set(record(...values.map((value) => `"${value}"`)));
    const transports = new Set<string>();
    world.dns.onQuery(({ name, transport }) => void (name === CHALLENGE && transports.add(transport)));
    expect(await look({ ...txt(...values), match: "exact" })).toMatchObject({ status: "ok" });
    expect(transports).toContain("tcp");
  });

  it("as the resolver says, where no authoritative server can be asked", async () => {
    const blocked = createResolver({ server: world.dns.resolver, connectTo: new Map() });
    expect(await everywhere(blocked, "example.com", [txt("mine")])).toMatchObject({
      status: "fail",
      summary: expect.stringContaining("port 53 blocked"),
    });
    zone.records.set(record('"mine"'));
    expect(await everywhere(blocked, "example.com", [txt("mine")])).toMatchObject({
      status: "ok",
      summary: expect.stringContaining("no authoritative server of example.com can be asked from here"),
    });
  });

  it("is unknown without a resolver, and fails for a zone that nobody is sent to", async () => {
    zone.delegate(false);
    expect(await look(txt("mine"))).toMatchObject({ status: "fail", summary: "example.com is delegated to nobody" });
    world.dns.setFault("resolver", "servfail");
    expect(await look(txt("mine"))).toMatchObject({ status: "unknown" });
  });
});

describe("waiting for records", () => {
  it("ends when the last server has them, says each reason once, and never asks a cache for them", async () => {
    const cached = new Set<string>();
    world.dns.onQuery(({ server, name }) => void (server === "resolver" && cached.add(name)));
    zone.records.set(record('"mine"'), (server) => (server === second ? 200 : 0));
    const reasons: string[] = [];
    const summary = await awaitEverywhere(world.resolver, [{ zone: "example.com", expectations: [txt("mine")] }], {
      signal: new AbortController().signal,
      pauseMs: 20,
      onReason: (reason) => void reasons.push(reason),
    });
    expect(summary).toContain("have it");
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain("ns2.example.com");
    expect(cached).not.toContain(CHALLENGE);
  });

  it("names the server that has not answered yet while the look at it goes on", async () => {
    zone.records.set(record('"mine"'));
    const told = Promise.withResolvers<void>();
    const resolver: Resolver = {
      ...world.resolver,
      askServer: async (address, ...question) => {
        if (address === v4Of(second)) await told.promise;
        return world.resolver.askServer(address, ...question);
      },
    };
    const reasons: string[] = [];
    const summary = await awaitEverywhere(resolver, [{ zone: "example.com", expectations: [txt("mine")] }], {
      signal: new AbortController().signal,
      slowMs: 20,
      onReason: (reason) => {
        reasons.push(reason);
        told.resolve();
      },
    });
    expect(summary).toContain("all 2 addresses");
    expect(reasons).toEqual([expect.stringContaining(`${second} (${v4Of(second)})`)]);
    expect(reasons[0]).toContain(`not answered for ${CHALLENGE} TXT yet`);
  });

  it("cuts its last look short, and says of whom it has not heard", async () => {
    zone.records.set(record('"mine"'));
    world.dns.setFault("ns2.example.com", "drop");
    const patient = createResolver({ server: world.dns.resolver, connectTo: world.dns.connectTo, timeoutMs: 600_000 });
    const published = [{ zone: "example.com", expectations: [txt("mine")] }];
    const { signal } = new AbortController();
    await expect(
      awaitEverywhere(patient, published, { signal, timeoutMs: 0, pauseMs: 20, lastLookMs: 100 }),
    ).rejects.toMatchObject({ id: "dns.propagation", message: expect.stringContaining("ns2.example.com") });
  });

  it("ends in an error that says who is behind when time runs out", async () => {
    holdBack();
    zone.records.set(record('"mine"'));
    const published = [{ zone: "example.com", expectations: [txt("mine")] }];
    const { signal } = new AbortController();
    await expect(
      awaitEverywhere(world.resolver, published, { signal, timeoutMs: 50, pauseMs: 20 }),
    ).rejects.toMatchObject({
      id: "dns.propagation",
      kind: "failed",
      message: expect.stringContaining("ns2.example.com"),
    });
  });

  it("stops when it is told to", async () => {
    holdBack();
    zone.records.set(record('"mine"'));
    const reason = new Error("interrupted");
    const stop = new AbortController();
    const waiting = awaitEverywhere(world.resolver, [{ zone: "example.com", expectations: [txt("mine")] }], {
      signal: stop.signal,
      onReason: () => stop.abort(reason),
    });
    await expect(waiting).rejects.toBe(reason);
  });

  it("waits for several zones, and looks for their servers once", async () => {
    await world.dns.addZone({ name: "example.net" });
    const published = [
      { zone: "example.com", expectations: [txt("mine")] },
      { zone: "example.net", expectations: [{ name: "example.net", type: "SOA", values: [], match: "any" } as const] },
    ];
    const asked: string[] = [];
    const summary = await awaitEverywhere(world.resolver, published, {
      signal: new AbortController().signal,
      pauseMs: 20,
      onReason: () => {
        world.dns.onQuery(({ server }) => void asked.push(server));
        zone.records.set(record('"mine"'));
      },
    });
    expect(summary).toContain("; ");
    expect(asked).not.toEqual([]);
    expect(asked).not.toContain("resolver");
  });

  it("does not remember that a zone had no servers yet", async () => {
    zone.delegate(false);
    const serversOf = rememberServers(world.resolver);
    expect(await serversOf("example.com")).toEqual([]);
    zone.delegate(zone.nameServers);
    expect(await serversOf("example.com")).toHaveLength(2);
  });
});
