import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { locateChallenge } from "../../src/dns/challenge.ts";
import { delegationOf } from "../../src/dns/delegation.ts";
import { challengeName } from "../../src/ports/dns-name.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
let zone: Zone;
beforeEach(async () => {
  world = await startWorld();
  zone = await world.dns.addZone({ name: "example.com" });
});
afterEach(() => world.close());

const cname = (at: Zone, name: string, target: string): void =>
  at.records.set({ name, type: "CNAME", ttl: 60, values: [target] });
let count = 0;
const options = { random: () => `random-${count++}` };
const locate = async (name: string, zoneName?: string) => {
  const start = zoneName === undefined ? undefined : await delegationOf(world.resolver, zoneName);
  return locateChallenge(world.resolver, name, { ...options, start });
};

describe("the place of a challenge", () => {
  it("is one name for a name and its wildcard", () => {
    expect([challengeName("apps.example.com"), challengeName("*.apps.example.com")]).toEqual([
      "_acme-challenge.apps.example.com",
      "_acme-challenge.apps.example.com",
    ]);
  });

  it("is usually in the zone of the name, and is not asked for through a cache", async () => {
    const cached: string[] = [];
    world.dns.onQuery(({ server, name }) => void (server === "resolver" && cached.push(name)));
    const place = { name: "_acme-challenge.apps.example.com", zone: "example.com", via: [] };
    expect(await locate("*.apps.example.com", "example.com")).toEqual(place);
    expect(await locate("apps.example.com")).toEqual(place);
    expect(cached).not.toContain(place.name);
  });

  it("is not where a wildcard's CNAME seems to lead (rule 16)", async () => {
    cname(zone, "*.example.com", "lb.example.net");
    const { note, ...place } = await locate("example.com");
    expect(place).toEqual({ name: "_acme-challenge.example.com", zone: "example.com", via: [] });
    expect(note).toContain("wildcard");
  });

  it("is where a CNAME of its own leads, wildcard or not, in another zone", async () => {
    cname(zone, "*.example.com", "lb.example.net");
    cname(zone, "_acme-challenge.example.com", "a1b2.validation.example.net");
    await world.dns.addZone({ name: "validation.example.net" });
    const place = await locate("example.com", "example.com");
    expect(place).toMatchObject({
      name: "a1b2.validation.example.net",
      zone: "validation.example.net",
      via: ["_acme-challenge.example.com"],
    });
    expect(place.note).toBe(
      "_acme-challenge.example.com is a CNAME to a1b2.validation.example.net: the TXT is written there",
    );
  });

  it("is at the end of a chain", async () => {
    const other = await world.dns.addZone({ name: "example.net" });
    cname(zone, "_acme-challenge.example.com", "one.example.net");
    cname(other, "one.example.net", "two.example.net");
    cname(other, "*.wild.example.net", "lb.example.net");
    cname(other, "two.example.net", "three.wild.example.net");
    expect(await locate("example.com")).toMatchObject({
      name: "three.wild.example.net",
      via: ["_acme-challenge.example.com", "one.example.net", "two.example.net"],
    });
  });

  it("is nowhere in a circle, nor at the end of a chain that no CA follows", async () => {
    cname(zone, "_acme-challenge.example.com", "one.example.com");
    cname(zone, "one.example.com", "_acme-challenge.example.com");
    await expect(locate("example.com")).rejects.toMatchObject({
      id: "dns.challenge-loop",
      kind: "input",
      message: expect.stringContaining("_acme-challenge.example.com → one.example.com → _acme-challenge.example.com"),
    });
    cname(zone, "_acme-challenge.www.example.com", "c0.example.com");
    for (let n = 0; n < 9; n += 1) cname(zone, `c${n}.example.com`, `c${n + 1}.example.com`);
    await expect(locate("www.example.com")).rejects.toMatchObject({ id: "dns.challenge-chain", kind: "input" });
  });

  it("is in a zone of its own, when it is delegated as one", async () => {
    const own = await world.dns.addZone({ name: "_acme-challenge.apps.example.com" });
    const place = await locate("apps.example.com", "example.com");
    expect(place).toMatchObject({ name: own.name, zone: own.name, via: [] });
    expect(place.note).toContain("a zone of its own");
  });

  it("is said to be unproven where no server can be asked, without asking a cache", async () => {
    const cached: string[] = [];
    world.dns.onQuery(({ server, name }) => void (server === "resolver" && cached.push(name)));
    const blocked = createResolver({ server: world.dns.resolver, connectTo: new Map() });
    const place = await locateChallenge(blocked, "example.com", options);
    expect(place).toMatchObject({ name: "_acme-challenge.example.com", via: [] });
    expect(place.note).toContain("can be asked from here");
    expect(cached).not.toContain("_acme-challenge.example.com");
  });
});
