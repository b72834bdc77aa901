import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { authoritativeServers, delegationOf, delegationProblem } from "../../src/dns/delegation.ts";
import type { Resolver } from "../../src/ports/dns.ts";
import { told } from "../../src/ports/outside.ts";
import type { Zone } from "../../src/ports/zones.ts";
import { asZone, startWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const problemOf = async (resolver: Resolver, zone: Zone) =>
  delegationProblem(resolver, await delegationOf(resolver, zone.name), zone);

describe("who is delegated to", () => {
  it("is what a server of the parent says, with the addresses it gives", async () => {
    const zone = await world.dns.addZone({
      name: "apps.example.com",
      nameServers: ["ns1.apps.example.com", "ns2.apps.example.com"],
    });
    const delegation = await delegationOf(world.resolver, "apps.example.com");
    expect(delegation).toMatchObject({
      zone: "apps.example.com",
      parent: "example.com",
      source: "parent",
      rcode: "NOERROR",
    });
    expect(delegation.servers.map(({ name }) => name)).toEqual(zone.nameServers);
    expect(delegation.servers.map(({ addresses }) => addresses)).toEqual(zone.nameServers.map(world.dns.addressesOf));
  });

  it("never asks the recursive resolver for the zone itself: a cache would keep that it is missing", async () => {
    await world.dns.addZone({ name: "example.com" });
    const asked: string[] = [];
    world.dns.onQuery(({ server, name }) => void (server === "resolver" && asked.push(name)));
    await delegationOf(world.resolver, "new.example.com");
    expect(asked).toContain("example.com");
    expect(asked).not.toContain("new.example.com");
  });

  it("is nobody when the parent has no NS records, whatever servers the zone has", async () => {
    await world.dns.addZone({ name: "example.com" });
    const zone = await world.dns.addZone({ name: "apps.example.com", delegated: false });
    expect(await authoritativeServers(world.resolver, zone.name)).toEqual([]);
    const problem = await problemOf(world.resolver, asZone(zone));
    expect(problem?.severity).toBe("fail");
    expect(problem?.what).toMatch(
      /^apps\.example\.com is not delegated: ns\S+ \(\S+\) answers NXDOMAIN for apps\.example\.com NS$/,
    );
    expect(problem?.remedy.text).toContain(zone.nameServers.join(", "));
    expect(problem?.remedy.text).toContain("the zone example.com");
    expect(problem?.remedy.command).toMatch(/^dig \+norecurse NS apps\.example\.com @[\d.]+$/);
  });

  it("is told by another parent's server when the first is down", async () => {
    const parent = await world.dns.addZone({ name: "example.com" });
    const zone = await world.dns.addZone({ name: "apps.example.com" });
    world.dns.setFault(parent.nameServers[0] ?? "", "drop");
    const { servers, source } = await delegationOf(world.resolver, zone.name);
    expect([source, servers.length]).toEqual(["parent", 2]);
  });

  it("is told by the parent's other servers when one keeps both zones", async () => {
    await world.dns.addZone({ name: "example.com", nameServers: ["ns1.example.com", "ns2.example.com"] });
    // Not delegated, but on a server of its parent: who asks that one gets an answer all the same.
    await world.dns.addZone({ name: "apps.example.com", delegated: false, nameServers: ["ns1.example.com"] });
    const delegation = await delegationOf(world.resolver, "apps.example.com");
    expect(delegation).toMatchObject({ source: "parent", servers: [] });
  });

  it("comes from the resolver where the world's port 53 is out of reach, and says so", async () => {
    const zone = await world.dns.addZone({ name: "example.com" });
    const blocked = createResolver({ server: world.dns.resolver, connectTo: new Map(), timeoutMs: 100 });
    const delegation = await delegationOf(blocked, "example.com");
    expect(delegation).toMatchObject({ source: "resolver", saidBy: `the resolver ${world.dns.resolver}` });
    expect(delegation.servers.map(({ name }) => name)).toEqual(zone.nameServers);
    expect(await problemOf(blocked, asZone(zone))).toBeUndefined();
  });

  it("cannot be told without a resolver: exit code 3, and how to name another", async () => {
    world.dns.setFault("resolver", "drop");
    const hasty = createResolver({ server: world.dns.resolver, timeoutMs: 50 });
    await expect(
      delegationOf(hasty, "example.com").catch((error: unknown) => Promise.reject(told(error))),
    ).rejects.toMatchObject({
      id: "dns.resolver",
      kind: "unseen",
      remedy: { command: expect.stringContaining("--dns-resolver") },
    });
    world.dns.setFault("resolver", "servfail");
    await expect(delegationOf(world.resolver, "example.com")).rejects.toMatchObject({
      id: "dns.resolver",
      kind: "unseen",
    });
  });
});

describe("a delegation", () => {
  it("is fine when both sides agree", async () => {
    const zone = await world.dns.addZone({ name: "example.com", ipv6: "unreachable" });
    expect(await problemOf(world.resolver, asZone(zone))).toBeUndefined();
  });

  it("to other servers is named, both sides", async () => {
    const twin = await world.dns.addZone({ name: "example.com" });
    const zone = await world.dns.addZone({ name: "example.com", delegated: false });
    const problem = await problemOf(world.resolver, asZone(zone));
    expect(problem?.severity).toBe("fail");
    expect(problem?.what).toContain(`delegates example.com to ${twin.nameServers.join(", ")}`);
    expect(problem?.what).toContain(`zone ${zone.id} is served by ${zone.nameServers.join(", ")}`);
  });

  it("to some of them is a warning", async () => {
    const zone = await world.dns.addZone({ name: "example.com" });
    const [first = ""] = zone.nameServers;
    const shown = { ...asZone(zone), nameServers: [first, "ns9.example.net"] };
    const problem = await problemOf(world.resolver, shown);
    expect(problem).toMatchObject({ severity: "warn", what: expect.stringContaining("only in part") });
  });

  it("by other names of the same servers is fine", async () => {
    await world.dns.addZone({ name: "example.net" });
    const zone = await world.dns.addZone({ name: "example.com" });
    const names = await Promise.all(
      zone.nameServers.map(async (server, index) => {
        const name = `ns-${index}.provider.example.net`;
        await world.dns.addHost(name, world.dns.addressesOf(server));
        return name;
      }),
    );
    expect(await problemOf(world.resolver, { ...asZone(zone), nameServers: names })).toBeUndefined();
  });

  it("to a server that does not know the zone is a warning, to none that does a failure", async () => {
    const zone = await world.dns.addZone({ name: "example.com" });
    const [first = "", second = ""] = zone.nameServers;
    world.dns.setFault(second, "lame");
    const problem = await problemOf(world.resolver, asZone(zone));
    expect(problem).toMatchObject({ severity: "warn", what: expect.stringContaining(`${second} (`) });
    expect(problem?.what).toContain("answers REFUSED");
    world.dns.setFault(first, "lame");
    expect(await problemOf(world.resolver, asZone(zone))).toMatchObject({ severity: "fail" });
  });

  it("to a silent server is a warning", async () => {
    const zone = await world.dns.addZone({ name: "example.com" });
    const [, second = ""] = zone.nameServers;
    world.dns.setFault(second, "drop");
    const problem = await problemOf(world.resolver, asZone(zone));
    expect(problem).toMatchObject({ severity: "warn", what: expect.stringContaining(`${second} (`) });
    expect(problem?.what).toContain("does not answer");
  });
});
