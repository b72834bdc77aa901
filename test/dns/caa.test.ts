import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCaa, permits } from "../../src/dns/caa.ts";
import { delegationOf } from "../../src/dns/delegation.ts";
import type { Zone } from "../../src/sandbox/dns/index.ts";
import { startWorld, type World } from "./world.ts";

const ACCOUNT = "https://ca.example/account/1";
const issuance = { wildcard: true, identities: ["ca.example"], account: ACCOUNT };

describe("CAA records let a CA issue", () => {
  it.each([
    ["with no rule about issuing", ['0 iodef "mailto:a@example.com"'], true],
    ["when they name it", ['0 issue "other.example"', '0 issue "ca.example"'], true],
    ["not when they name others", ['0 issue "other.example"'], false],
    ["not when they forbid everybody", ['0 issue ";"'], false],
    [
      "by the rule for wildcards alone, where there is one",
      ['0 issue "ca.example"', '0 issuewild "other.example"'],
      false,
    ],
    ["for this account", [`0 issue "ca.example; accounturi=${ACCOUNT}"`], true],
    ["not for another", ['0 issue "ca.example; accounturi=https://ca.example/account/2"'], false],
    ["by DNS-01 among the methods", ['0 issue "ca.example; validationmethods=http-01, dns-01"'], true],
    ["not by other methods alone", ['0 issue "ca.example;validationmethods=http-01"'], false],
    ["with a parameter that nobody knows", ['0 issue "ca.example; policy=ev"'], true],
    ["not with a critical property that nobody knows", ['128 tbs "x"', '0 issue "ca.example"'], false],
    ["with one that is not critical", ['0 tbs "x"', '0 issue "CA.Example."'], true],
  ])("%s", (_what, values, isPermitted) => {
    expect(permits(values, issuance)).toBe(isPermitted);
  });

  it("for a name that is no wildcard, whatever is said of wildcards", () => {
    expect(permits(['0 issuewild ";"'], { ...issuance, wildcard: false })).toBe(true);
  });

  it("for nobody's account, when there is none yet", () => {
    expect(permits([`0 issue "ca.example; accounturi=${ACCOUNT}"`], { ...issuance, account: undefined })).toBe(false);
  });
});

describe("the CAA records that count", () => {
  let world: World;
  let zone: Zone;
  let cached: string[];
  beforeEach(async () => {
    world = await startWorld();
    zone = await world.dns.addZone({ name: "example.com" });
    cached = [];
    world.dns.onQuery(({ server, name }) => void (server === "resolver" && cached.push(name)));
  });
  afterEach(() => world.close());
  const put = (at: Zone, name: string, type: string, value: string): void =>
    at.records.set({ name, type, ttl: 60, values: [value] });
  const find = async (name = "apps.example.com") =>
    findCaa(world.resolver, name, { start: await delegationOf(world.resolver, zone.name), random: () => "sibling" });

  it("are those of the name, else of the nearest above, and no cache hears of the name", async () => {
    expect(await find()).toBe("none");
    put(zone, "example.com", "CAA", '0 issue "above.example"');
    expect(await find("deep.apps.example.com")).toEqual({ at: "example.com", values: ['0 issue "above.example"'] });
    put(zone, "apps.example.com", "CAA", '0 issue "own.example"');
    expect(await find("deep.apps.example.com")).toMatchObject({ at: "apps.example.com" });
    expect(cached).not.toContain("apps.example.com");
  });

  it("are asked for above the zone too", async () => {
    put(world.dns.zone("com"), "com", "CAA", '0 issue "registry.example"');
    expect(await find()).toMatchObject({ at: "com" });
  });

  it("are those behind a CNAME of the name's own, and not behind a wildcard's, which ends with the first record", async () => {
    const other = await world.dns.addZone({ name: "example.net" });
    put(other, "lb.example.net", "CAA", '0 issue "behind.example"');
    put(zone, "*.example.com", "CNAME", "lb.example.net");
    expect(await find()).toBe("none");
    put(other, "own.example.net", "CAA", '0 issue "behind.example"');
    put(zone, "apps.example.com", "CNAME", "own.example.net");
    expect(await find()).toEqual({ at: "apps.example.com", values: ['0 issue "behind.example"'] });
  });

  it("are unknown where no server of the zone can be asked", async () => {
    for (const server of zone.nameServers) world.dns.setFault(server, "lame");
    expect(await find()).toBe("unknown");
  });
});
