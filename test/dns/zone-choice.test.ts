import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { chooseZone } from "../../src/dns/zone-choice.ts";
import type { Zone } from "../../src/ports/zones.ts";
import type { ZoneOptions } from "../../src/sandbox/dns/index.ts";
import { asZone, startWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const add = async (options: ZoneOptions): Promise<Zone> => asZone(await world.dns.addZone(options));
const choose = (zones: readonly Zone[], domain: string, zoneId?: string) =>
  chooseZone(zones, domain, { resolver: world.resolver, zoneId });

describe("the zone of a domain", () => {
  it("is the longest that the parent delegates to", async () => {
    const upper = await add({ name: "example.com" });
    const lower = await add({ name: "apps.example.com" });
    expect(await choose([lower, upper], "apps.example.com")).toMatchObject({ zone: lower, warnings: [] });
    expect(await choose([lower, upper], "prod.apps.example.com")).toMatchObject({ zone: lower });
    expect(await choose([upper], "www.example.com")).toMatchObject({ zone: upper });
  });

  it("is the one above a longer one that nobody is sent to, which is said", async () => {
    const upper = await add({ name: "example.com" });
    const leftOver = await add({ name: "apps.example.com", delegated: false });
    const { zone, warnings } = await choose([leftOver, upper], "apps.example.com");
    expect(zone).toEqual(upper);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.what).toContain(`zone apps.example.com (${leftOver.id})`);
    expect(warnings[0]?.what).toContain("is not used");
  });

  it("is the twin that the parent means, whichever comes first", async () => {
    const right = await add({ name: "example.com" });
    const wrong = await add({ name: "example.com", delegated: false });
    const hidden = await add({ name: "example.com", isPrivate: true });
    for (const zones of [
      [right, wrong, hidden],
      [hidden, wrong, right],
    ])
      expect((await choose(zones, "apps.example.com")).zone).toEqual(right);
  });

  it("names a server that does not know it, and one that does not answer", async () => {
    const zone = await add({ name: "example.com" });
    const [lame = "", silent = ""] = zone.nameServers;
    world.dns.setFault(lame, "lame");
    const { warnings } = await choose([zone], "apps.example.com");
    expect(warnings).toMatchObject([{ severity: "warn", what: expect.stringContaining(`${lame} (`) }]);
    expect(warnings[0]?.what).toContain("answers REFUSED");
    world.dns.setFault(lame, undefined);
    world.dns.setFault(silent, "drop");
    const hasty = createResolver({ server: world.dns.resolver, connectTo: world.dns.connectTo, timeoutMs: 300 });
    const told = await chooseZone([zone], "apps.example.com", { resolver: hasty });
    expect(told.warnings).toMatchObject([{ what: expect.stringContaining(`${silent} (`) }]);
  });

  it("says nothing of its servers where port 53 is out of reach", async () => {
    const zone = await add({ name: "example.com" });
    const blocked = createResolver({ server: world.dns.resolver, connectTo: new Map(), timeoutMs: 100 });
    expect(await chooseZone([zone], "apps.example.com", { resolver: blocked })).toMatchObject({ warnings: [] });
  });

  it("is private only by its id", async () => {
    const hidden = await add({ name: "corp.example.com", isPrivate: true });
    await expect(choose([hidden], "apps.corp.example.com")).rejects.toMatchObject({
      id: "dns.no-zone",
      kind: "input",
      message: expect.stringContaining("only in a private zone"),
      remedy: { command: expect.stringContaining(`--dns-zone-id ${hidden.id}`) },
    });
    expect(await choose([hidden], "apps.corp.example.com", hidden.id)).toEqual({ zone: hidden, warnings: [] });
  });

  it("must be there: what there is is listed", async () => {
    const other = await add({ name: "example.net" });
    await expect(choose([other], "apps.example.com")).rejects.toMatchObject({
      id: "dns.no-zone",
      kind: "input",
      why: expect.stringContaining(`example.net (${other.id})`),
    });
    await expect(choose([], "apps.example.com")).rejects.toMatchObject({ why: "There is no zone at all." });
  });

  it("must be delegated: what the parent says, and what to set where", async () => {
    await add({ name: "example.com" });
    const zone = await add({ name: "apps.example.com", delegated: false });
    const chosen = choose([zone], "apps.example.com");
    await expect(chosen).rejects.toMatchObject({ id: "dns.not-delegated", kind: "input" });
    await expect(chosen).rejects.toThrow(/apps\.example\.com is not delegated: ns\S+ \(\S+\) answers NXDOMAIN/);
    await expect(chosen).rejects.toMatchObject({
      remedy: {
        text: expect.stringContaining(zone.nameServers.join(", ")),
        command: expect.stringMatching(/^dig \+norecurse NS apps\.example\.com @/),
      },
    });
  });

  it("must be delegated to its own servers, and then nothing above it counts", async () => {
    const upper = await add({ name: "example.com" });
    await add({ name: "apps.example.com" });
    const ours = await add({ name: "apps.example.com", delegated: false });
    await expect(choose([ours, upper], "apps.example.com")).rejects.toMatchObject({
      id: "dns.not-delegated",
      message: expect.stringContaining("is delegated to others"),
    });
  });

  it("is refused when it has twins of which none is meant", async () => {
    await add({ name: "example.com" });
    const twins = [
      await add({ name: "apps.example.com", delegated: false }),
      await add({ name: "apps.example.com", delegated: false }),
    ];
    await expect(choose(twins, "apps.example.com")).rejects.toMatchObject({
      id: "dns.twin-zones",
      kind: "input",
      remedy: { text: expect.stringContaining(twins[1]?.nameServers.join(", ") ?? "") },
    });
  });

  it("is refused when its twins cannot be told apart, until one is named", async () => {
    const known = await add({ name: "example.com" });
    const twins = [
      { ...known, id: "one", nameServers: [] },
      { ...known, id: "two", nameServers: [] },
    ];
    await expect(choose(twins, "example.com")).rejects.toMatchObject({ id: "dns.twin-zones", kind: "input" });
    expect((await choose(twins, "example.com", "two")).zone.id).toBe("two");
  });

  it("is the twin whose servers the parent names, though another's have the same addresses, which is said", async () => {
    const named = await add({ name: "example.com" });
    const [first = "", second = ""] = named.nameServers;
    await world.dns.addHost("ns.other.example", world.dns.addressesOf(first));
    world.dns.zone(named.id).delegate([first]);
    const alike = { ...named, id: "ALIKE", nameServers: ["ns.other.example"] };
    for (const zones of [
      [named, alike],
      [alike, named],
    ]) {
      const { zone, warnings } = await choose(zones, "apps.example.com");
      expect(zone.id).toBe(named.id);
      expect(warnings.map(({ what }) => what)).toContainEqual(
        expect.stringMatching(/ALIKE.* has name servers at the same addresses.*their names decide/),
      );
    }
    expect(second).not.toBe("");
  });

  it("is told by the addresses of its servers where no name is the parent's, which is said", async () => {
    const zone = await add({ name: "example.com" });
    const own = zone.nameServers.map((_, index) => `ns${index}.own.example`);
    for (const [index, name] of own.entries())
      await world.dns.addHost(name, world.dns.addressesOf(zone.nameServers[index] ?? ""));
    const other = await add({ name: "example.com", delegated: false });
    const mine = { ...zone, nameServers: own };
    const { zone: chosen, warnings } = await choose([other, mine], "apps.example.com");
    expect(chosen).toEqual(mine);
    expect(warnings.map(({ what }) => what)).toEqual([
      expect.stringContaining("told from its twins by addresses alone"),
    ]);
    await expect(choose([{ ...mine, id: "ALIKE" }, mine], "apps.example.com")).rejects.toMatchObject({
      id: "dns.twin-zones",
      kind: "input",
      message: expect.stringContaining("the same name servers"),
    });
  });

  it("is refused when its twins have the very same servers, until one is named", async () => {
    const zone = await add({ name: "example.com" });
    const twins = [zone, { ...zone, id: "TWIN" }];
    await expect(choose(twins, "example.com")).rejects.toMatchObject({ id: "dns.twin-zones", kind: "input" });
    expect((await choose(twins, "example.com", "TWIN")).zone.id).toBe("TWIN");
  });

  it("by id must exist, lie at or above the domain, and be delegated", async () => {
    const zone = await add({ name: "example.com" });
    const other = await add({ name: "example.net" });
    const undelegated = await add({ name: "example.com", delegated: false });
    const refused = { id: "dns.zone-id", kind: "input" };
    await expect(choose([zone], "apps.example.com", "Z404")).rejects.toMatchObject(refused);
    await expect(choose([zone, other], "apps.example.com", other.id)).rejects.toMatchObject({
      ...refused,
      remedy: { command: expect.stringContaining(zone.id) },
    });
    await expect(choose([zone, undelegated], "apps.example.com", undelegated.id)).rejects.toMatchObject({
      id: "dns.not-delegated",
    });
  });

  it("is not one whose child takes the domain over", async () => {
    const upper = await add({ name: "example.com" });
    const child = await add({ name: "apps.example.com" });
    for (const domain of ["apps.example.com", "prod.apps.example.com"])
      await expect(choose([upper], domain)).rejects.toMatchObject({
        id: "dns.child-zone",
        kind: "input",
        message: `${domain} lies in the zone apps.example.com, which the DNS provider does not have.`,
        why: expect.stringContaining(child.nameServers.join(", ")),
      });
    expect((await choose([upper], "www.example.com")).zone).toEqual(upper);
  });

  it("is not one whose child on the same servers takes the domain over", async () => {
    const nameServers = ["ns1.example.com", "ns2.example.com"];
    const upper = await add({ name: "example.com", nameServers });
    await add({ name: "apps.example.com", nameServers });
    await expect(choose([upper], "prod.apps.example.com")).rejects.toMatchObject({ id: "dns.child-zone" });
  });
});
